/* Reads a good model file and very many damaged ones, each with its checksum made right so that
 * the damage reaches the parser. Arguments: FILE ROUNDS SEED. A model that is still accepted is
 * played. Prints "N accepted, M refused". The sanitizers find what is wrong; test_fuzz_model_file.py
 * compiles and runs it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ddsp_kernel.h"
#include "model_file/crc32.h"

enum { HEADER = 32, MOST = 1 << 20 };
static uint64_t state;

static uint32_t chance(uint32_t n)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % n;
}

static void put(uint8_t *at, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(number >> 8 * i);
}

static size_t damage(uint8_t *data, size_t n)
{
    static const uint8_t wild[] = {0, 1, 2, 0x7f, 0x80, 0xff};
    const int times = 1 + (int)chance(8);
    if (chance(4) == 0)
        n = HEADER + chance((uint32_t)(n - HEADER));
    for (int i = 0; i < times && n > HEADER; i++) {
        /* Mostly where the counts are; those of the loudness maps are at the end. */
        const size_t end = chance(3) && n > 600 ? 600 : n;
        const size_t begin = chance(4) == 0 && n > 20000 ? n - 20000 : HEADER;
        const size_t last = begin > HEADER ? n : end;
        const size_t at = begin + chance((uint32_t)(last - begin));
        switch (chance(4)) {
        case 0: data[at] ^= (uint8_t)(1u << chance(8)); break;
        case 1: data[at] = wild[chance(sizeof wild)]; break;
        case 2:
            for (size_t b = at; b < at + 4 && b < n; b++)
                data[b] = wild[chance(sizeof wild)];
            break;
        default: {
            const size_t from = HEADER + chance((uint32_t)(n - HEADER));
            const size_t left = n - (at > from ? at : from), count = chance(40);
            memmove(data + at, data + from, count < left ? count : left);
        }
        }
    }
    if (chance(10) == 0)
        put(data + 12, chance(80), 4);
    put(data + 16, n, 8);
    put(data + 24, ddsp_crc32(data + HEADER, n - HEADER), 4);
    return n;
}

/* Notes are played as it says, and finite. */
static int performs(const ddsp_expression *expression)
{
    ddsp_chooser *chooser = ddsp_chooser_new(expression, 1);
    int good = chooser != NULL;
    for (int i = 0; good && i < 4; i++) {
        const ddsp_struck_note struck = {.time_s = 0.2 * i, .velocity = 0.3 * i, .length_s = -1.0,
                                         .in_phrase = -1.0, .note = 30 * i, .tied_to = 20 * i - 1};
        ddsp_note_expression how;
        ddsp_chooser_choose(chooser, &struck, &how);
        good = isfinite(how.vibrato_hz) && isfinite(how.accent_db) && isfinite(how.release_noise)
               && how.attack_s <= 1.0f && fabsf(how.scoop_cents) <= 1200.0f;
    }
    ddsp_chooser_free(chooser);
    return good;
}

/* What was accepted must be playable, and finite. */
static int plays(const ddsp_model *model)
{
    const ddsp_model_info *info = ddsp_model_get_info(model);
    const ddsp_conditioning plain = {.unpitched = 1.0f};
    ddsp_conditioner *conditioner = ddsp_conditioner_new();
    ddsp_conditioned_model shown = info->conditioned;
    shown.loudness_map = info->note_map;
    int good = ddsp_conditioner_prepare(conditioner, 1, &shown, NULL, plain) == DDSP_OK;
    for (int i = 0; good && i < 4; i++) {
        const ddsp_feature_frame frame = {.f0_hz = 220.0f, .loudness_db = -20.0f,
                                          .confidence = 1.0f, .pitched = 1.0f,
                                          .onset = i == 0};
        static ddsp_control_frame out;
        float offset_s, ramp_s;
        ddsp_conditioner_begin(conditioner, 0, &frame);
        while (ddsp_conditioner_next(conditioner, 0, &out, &offset_s, &ramp_s) == 1)
            good = good && isfinite(out.amplitude) && isfinite(out.noise_magnitudes[0]);
    }
    ddsp_conditioner_free(conditioner);
    return good && (!info->expression || performs(info->expression));
}

int main(int argc, char **argv)
{
    static uint8_t good[MOST];
    if (argc != 4)
        return 2;
    FILE *file = fopen(argv[1], "rb");
    if (!file)
        return 2;
    const size_t n = fread(good, 1, sizeof good, file);
    fclose(file);
    const long rounds = atol(argv[2]);
    state = (uint64_t)atoll(argv[3]);
    long accepted = 0, unplayable = 0;
    for (long i = 0; i < rounds; i++) {
        uint8_t *data = malloc(n); /* exactly as long as it is, so that a byte beyond is seen */
        memcpy(data, good, n);
        const size_t length = i == 0 ? n : damage(data, n);
        uint8_t *exact = malloc(length ? length : 1);
        memcpy(exact, data, length);
        free(data);
        int problem;
        ddsp_model *model = ddsp_model_read(exact, length, &problem);
        free(exact);
        if (model) {
            accepted++;
            unplayable += !plays(model);
        }
        ddsp_model_free(model);
    }
    printf("%ld accepted, %ld refused, %ld unplayable\n", accepted, rounds - accepted, unplayable);
    return 0;
}
