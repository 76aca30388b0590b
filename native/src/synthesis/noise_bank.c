/* One noise for several voices: each puts the squares of its gains, as they are at the middle
 * of a noise frame, into that frame's sums; the frame is made with their roots. */
#include "synthesis/noise_bank.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/sanitize.h"
#include "synthesis/random.h"

#define LEAST_SAMPLE 1e-30f

typedef struct {
    ddsp_noise noise;       /* its own gains are not used */
    int frames;             /* that may begin within max_block samples */
    float *power;           /* [frames][n_bands], sums of squares, 0 when rendered */
} shared;

struct ddsp_noise_bank {
    double sample_rate;     /* 0 until prepared */
    int max_block;
    shared first, second;   /* second: of no bands where there is none */
};

ddsp_noise_bank *ddsp_noise_bank_new(void)
{
    return calloc(1, sizeof(ddsp_noise_bank));
}

static void release(shared *one)
{
    ddsp_noise_free(&one->noise);
    free(one->power);
    memset(one, 0, sizeof *one);
}

void ddsp_noise_bank_free(ddsp_noise_bank *bank)
{
    if (bank) {
        release(&bank->first);
        release(&bank->second);
    }
    free(bank);
}

static int prepare(ddsp_noise_bank *bank, shared *one, int n_bands, double limit_hz,
                   uint32_t seed)
{
    release(one);
    int status = ddsp_noise_prepare(&one->noise, bank->sample_rate, n_bands, limit_hz, seed);
    if (status == DDSP_OK && n_bands) {
        one->frames = (bank->max_block - 1) / one->noise.hop + 1;
        one->power = calloc((size_t)one->frames * (size_t)n_bands, sizeof(float));
        status = one->power ? DDSP_OK : DDSP_NO_MEMORY;
    }
    if (status != DDSP_OK)
        release(one);
    return status;
}

int ddsp_noise_bank_prepare(ddsp_noise_bank *bank, double sample_rate, int max_block,
                            int n_noise, double band_limit_hz, uint32_t seed)
{
    if (!bank || !(sample_rate >= 8000.0 && sample_rate <= 384000.0) || max_block < 1
        || max_block > DDSP_MAX_BLOCK || n_noise < 0 || n_noise == 1
        || n_noise > DDSP_MAX_NOISE_BANDS
        || !(band_limit_hz >= 1000.0 && band_limit_hz <= 384000.0))
        return DDSP_BAD_ARGUMENT;
    release(&bank->second);
    bank->max_block = max_block;
    bank->sample_rate = sample_rate;
    const int status = prepare(bank, &bank->first, n_noise, band_limit_hz, seed);
    if (status != DDSP_OK)
        bank->sample_rate = 0.0;
    else
        ddsp_noise_bank_reset(bank);
    return status;
}

int ddsp_noise_bank_prepare_second(ddsp_noise_bank *bank, int n_second, double second_limit_hz)
{
    if (!bank || bank->sample_rate == 0.0 || n_second < 2 || n_second > DDSP_MAX_NOISE_BANDS
        || !(second_limit_hz >= 1000.0 && second_limit_hz <= 384000.0))
        return DDSP_BAD_ARGUMENT;
    const int status = prepare(bank, &bank->second, n_second, second_limit_hz,
                               ddsp_second_seed(bank->first.noise.seed));
    if (status == DDSP_OK)
        ddsp_noise_bank_reset(bank);
    return status;
}

static void reset(shared *one)
{
    ddsp_noise_reset(&one->noise);
    if (one->power)
        memset(one->power, 0,
               (size_t)one->frames * (size_t)one->noise.n_bands * sizeof(float));
}

void ddsp_noise_bank_reset(ddsp_noise_bank *bank)
{
    reset(&bank->first);
    reset(&bank->second);
}

static void put(shared *one, const ddsp_noise *voice, const ddsp_ramp *ramp, int offset, int n)
{
    const int n_bands = one->noise.n_bands < voice->n_bands ? one->noise.n_bands
                                                            : voice->n_bands;
    if (n_bands == 0)
        return;
    float gains[DDSP_MAX_NOISE_BANDS];
    float *power = one->power;
    const int hop = one->noise.hop;
    for (int at = ddsp_noise_until_frame(&one->noise); at < offset + n;
         at += hop, power += one->noise.n_bands) {
        if (at < offset)
            continue;
        ddsp_noise_gains(voice, ddsp_ramp_fraction(ramp, at - offset + 1 + hop), gains);
        for (int b = 0; b < n_bands; b++)
            power[b] += gains[b] * gains[b];
    }
}

void ddsp_noise_bank_put(ddsp_noise_bank *bank, const ddsp_noise *first, const ddsp_noise *second,
                         const ddsp_ramp *ramp, int offset, int n)
{
    put(&bank->first, first, ramp, offset, n);
    put(&bank->second, second, ramp, offset, n);
}

static void render(shared *one, float *out, int n)
{
    const int n_bands = one->noise.n_bands;
    if (n_bands == 0)
        return;
    float *power = one->power;
    for (int done = 0; done < n;) {
        if (ddsp_noise_until_frame(&one->noise) == 0) {
            for (int b = 0; b < n_bands; b++)
                power[b] = sqrtf(power[b]);
            ddsp_noise_frame(&one->noise, power);
            memset(power, 0, (size_t)n_bands * sizeof(float));
            power += n_bands;
        }
        done += ddsp_noise_add(&one->noise, out + done, n - done);
    }
}

void ddsp_noise_bank_render(ddsp_noise_bank *bank, float *out, int n)
{
    render(&bank->first, out, n);
    render(&bank->second, out, n);
    for (int i = 0; i < n; i++)
        out[i] = ddsp_flush(out[i], LEAST_SAMPLE);
}
