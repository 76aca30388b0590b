/* A network's weights: checked against each other and laid out for the step (network_step.h). */
#include "decoder/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64     /* bytes: a cache line */

enum { PAIRS = DDSP_NET_TILE / 2 };

ddsp_network *ddsp_network_new(void)
{
    return calloc(1, sizeof(ddsp_network));
}

void ddsp_network_free(ddsp_network *network)
{
    if (network)
        free(network->memory);
    free(network);
}

static int between(float x, float low, float high)
{
    return x >= low && x <= high; /* not NaN */
}

static int fits(const ddsp_layer *layer, int n_in, int n_out)
{
    return layer->weights && layer->bias && layer->n_in == n_in && layer->n_out == n_out;
}

static int scalars_are_good(const ddsp_network_weights *w)
{
    return between(w->pitch_centre, -1e3f, 1e3f) && between(w->pitch_slope, -1e3f, 1e3f)
           && between(w->loudness_centre, -1e3f, 1e3f)
           && between(w->loudness_slope, -1e3f, 1e3f) && between(w->leak, 0.0f, 1.0f)
           && between(w->gain_centre, 0.0f, 2.0f) && between(w->gain_slope, 0.0f, 20.0f)
           && between(w->gain_floor, 0.0f, 1.0f) && between(w->amplitude_low, -40.0f, 10.0f)
           && between(w->amplitude_high, w->amplitude_low, 10.0f)
           && between(w->noise_low, -40.0f, 10.0f)
           && between(w->noise_high, w->noise_low, 10.0f);
}

/* The inputs of the first layer, 0 where the sizes are not good. */
static int first_inputs(const ddsp_network_weights *w)
{
    if (w->gates[0].n_in > 0)
        return w->n_means == 0 && w->past.n_in == 0 ? 2 : 0;
    const int before = w->state_size - w->n_means;
    if (w->n_means < 0 || w->n_means % 2 || before < 0 || before % 2
        || (w->n_means > 0 && !w->mean_shares) || w->past.n_in != before)
        return 0;
    for (int i = 0; i < w->n_means; i++)
        if (!between(w->mean_shares[i], 0.0f, 1.0f))
            return 0;
    return 2 + w->n_means;
}

static int sizes_are_good(const ddsp_network_weights *w)
{
    if (w->n_harmonics < 1 || w->n_harmonics > DDSP_MAX_HARMONICS || w->n_noise < 1
        || w->n_noise > DDSP_MAX_NOISE_BANDS || w->state_size < 1
        || w->state_size > DDSP_MAX_STATE || w->n_layers < 1 || w->n_layers > DDSP_MAX_LAYERS)
        return 0;
    int width = first_inputs(w);
    if (width == 0)
        return 0;
    for (int i = 0; i < w->n_layers; i++) {
        const ddsp_layer *layer = &w->layers[i];
        if (layer->n_out < 1 || layer->n_out > DDSP_MAX_UNITS
            || !fits(layer, width, layer->n_out))
            return 0;
        width = layer->n_out;
    }
    if (w->past.n_in > 0 && !fits(&w->past, w->past.n_in, w->layers[0].n_out))
        return 0;
    if (w->gates[0].n_in > 0) {
        for (int i = 0; i < 6; i++)
            if (!fits(&w->gates[i], i < 3 ? width : w->state_size, w->state_size))
                return 0;
        const int merged = w->merge[0].n_out;
        if (merged < 1 || merged > DDSP_MAX_UNITS || !fits(&w->merge[0], width, merged)
            || !fits(&w->merge[1], w->state_size, merged))
            return 0;
        width = merged;
    }
    return fits(&w->amplitude, width, 1) && fits(&w->harmonics, width, w->n_harmonics)
           && fits(&w->noise, width, w->n_noise);
}

/* Memory is handed out in order; without any it is only measured. */
typedef struct {
    float *at;
    size_t used;
} arena;

static float *take(arena *from, size_t count)
{
    float *taken = from->at ? from->at + from->used : NULL;
    from->used += (count + ALIGNMENT / 4 - 1) / (ALIGNMENT / 4) * (ALIGNMENT / 4);
    return taken;
}

/* Where the weight from input i to output j lies. */
static size_t place(const ddsp_net_matrix *matrix, int i, int j)
{
    const int tiled = matrix->n_out / DDSP_NET_TILE * DDSP_NET_TILE;
    const int width = j < tiled ? DDSP_NET_TILE : DDSP_NET_STEP;
    const int first = j / width * width;
    return (size_t)first * (size_t)matrix->n_in + (size_t)(i * width + j - first);
}

/* An empty matrix of so many inputs and (filled up) outputs. */
static void lay_out(arena *from, ddsp_net_matrix *matrix, int n_in, int n_out)
{
    matrix->n_in = n_in;
    matrix->n_out = DDSP_NET_ROUND(n_out);
    matrix->weights = take(from, (size_t)n_in * (size_t)matrix->n_out);
    matrix->bias = take(from, (size_t)matrix->n_out);
}

/* Adds a layer to a matrix, from its given input and output on. */
static void put(const arena *from, const ddsp_net_matrix *matrix, const ddsp_layer *layer,
                int input, int output)
{
    if (!from->at)
        return;
    float *weights = (float *)matrix->weights, *bias = (float *)matrix->bias;
    for (int j = 0; j < layer->n_out; j++) {
        for (int i = 0; i < layer->n_in; i++)
            weights[place(matrix, input + i, output + j)] =
                layer->weights[(size_t)j * (size_t)layer->n_in + (size_t)i];
        bias[output + j] += layer->bias[j];
    }
}

static void put_alone(arena *from, ddsp_net_matrix *matrix, const ddsp_layer *layer)
{
    lay_out(from, matrix, layer->n_in, layer->n_out);
    put(from, matrix, layer, 0, 0);
}

/* The scale of which all weights of one output are multiples by -127..127; 0: there is none. */
static float scale_of(const float *weights, int n)
{
    float largest = 0.0f;
    for (int i = 0; i < n; i++)
        largest = fabsf(weights[i]) > largest ? fabsf(weights[i]) : largest;
    return largest > 1e-30f && largest < 1e30f ? largest / 127.0f : 0.0f;
}

/* Whether the weights of a layer are integers times one scale, as in an int8 file: that scale,
 * or 0. */
static float common_scale(const ddsp_layer *layer)
{
    const int n = layer->n_in * layer->n_out;
    const float scale = scale_of(layer->weights, n);
    for (int i = 0; i < n && scale > 0.0f; i++) {
        const float steps = layer->weights[i] / scale;
        if (!(fabsf(steps - rintf(steps)) < 1e-3f))
            return 0.0f;
    }
    return scale;
}

/* The upper half of a float that is an integer of at most 8 bits: all that it has. */
static uint32_t half(float integer)
{
    uint32_t bits;
    memcpy(&bits, &integer, sizeof bits);
    return bits >> 16;
}

/* Adds a layer to the packed weights of a matrix, from its given output on. */
static void pack(const ddsp_net_matrix *matrix, const ddsp_layer *layer, int output, float scale)
{
    uint32_t *words = (uint32_t *)matrix->packed;
    for (int j = 0; j < layer->n_out; j++) {
        const int to = output + j, lane = to % DDSP_NET_TILE;
        ((float *)matrix->scale)[to] = scale;
        for (int i = 0; i < layer->n_in; i++) {
            const float weight = layer->weights[(size_t)j * (size_t)layer->n_in + (size_t)i];
            const size_t row = (size_t)(to / DDSP_NET_TILE) * (size_t)layer->n_in + (size_t)i;
            words[row * PAIRS + (size_t)(lane % PAIRS)] |= half(rintf(weight / scale))
                                                           << (lane < PAIRS ? 0 : 16);
        }
    }
}

/* The heads. Where those of harmonics and noise can be packed, that of the amplitude (one output,
 * whose few weights no quantizer touches) is a matrix of its own. */
static void put_heads(ddsp_network *network, const ddsp_network_weights *w, arena *from, int n_in)
{
    ddsp_net_matrix *head = &network->head;
    const int noise_at = DDSP_NET_ROUND(w->n_harmonics), amplitude_at = noise_at + w->n_noise;
    const float harmonics = common_scale(&w->harmonics), noise = common_scale(&w->noise);
    lay_out(from, head, n_in, amplitude_at + 1);
    put(from, head, &w->harmonics, 0, 0);
    put(from, head, &w->noise, 0, noise_at);
    put(from, head, &w->amplitude, 0, amplitude_at);
    if (!(harmonics > 0.0f && noise > 0.0f))
        return;
    put_alone(from, &network->amplitude, &w->amplitude);
    const size_t filled = DDSP_NET_TILES(head->n_out);
    const void *packed = take(from, filled / 2 * (size_t)n_in);
    const float *scale = take(from, filled);
    float *bias = take(from, filled);
    if (!from->at)
        return;
    head->packed = packed;
    head->scale = scale;
    pack(head, &w->harmonics, 0, harmonics);
    pack(head, &w->noise, noise_at, noise);
    memcpy(bias, head->bias, (size_t)head->n_out * sizeof *bias);
    head->bias = bias; /* filled up as the weights are */
}

/* All of a network into the arena; twice: to measure and to fill. */
static void fill(ddsp_network *network, const ddsp_network_weights *w, arena *from)
{
    for (int i = 0; i < w->n_layers; i++)
        put_alone(from, &network->layers[i], &w->layers[i]);
    network->width = w->layers[w->n_layers - 1].n_out;
    const int width = network->width, size = w->state_size;
    int last = width;
    network->recurrent = w->gates[0].n_in > 0;
    if (network->recurrent) {
        const int filled = DDSP_NET_ROUND(size);
        lay_out(from, &network->gates, width + size, 2 * filled);
        for (int gate = 0; gate < 2; gate++) {
            put(from, &network->gates, &w->gates[gate], 0, gate * filled);
            put(from, &network->gates, &w->gates[3 + gate], width, gate * filled);
        }
        put_alone(from, &network->in_new, &w->gates[2]);
        put_alone(from, &network->state_new, &w->gates[5]);
        last = w->merge[0].n_out;
        lay_out(from, &network->merge, width + size, last);
        put(from, &network->merge, &w->merge[0], 0, 0);
        put(from, &network->merge, &w->merge[1], width, 0);
    } else if (w->past.n_in > 0) {
        put_alone(from, &network->past, &w->past);
    }
    put_heads(network, w, from, last);
    float *shares = take(from, (size_t)w->n_means);
    if (shares)
        memcpy(shares, w->mean_shares, (size_t)w->n_means * sizeof *shares);
    network->mean_shares = shares;
}

int ddsp_network_prepare(ddsp_network *network, const ddsp_network_weights *weights)
{
    if (!network || !weights || !scalars_are_good(weights) || !sizes_are_good(weights))
        return DDSP_BAD_ARGUMENT;
    free(network->memory);
    memset(network, 0, sizeof *network);
    arena measured = {NULL, 0};
    fill(network, weights, &measured);
    network->memory = calloc(measured.used + ALIGNMENT / 4, sizeof *network->memory);
    if (!network->memory) {
        memset(network, 0, sizeof *network);
        return DDSP_NO_MEMORY;
    }
    const uintptr_t odd = (uintptr_t)network->memory % ALIGNMENT;
    arena filled = {network->memory + (ALIGNMENT - odd) % ALIGNMENT / sizeof(float), 0};
    fill(network, weights, &filled);
    network->facts = *weights;
    return DDSP_OK;
}
