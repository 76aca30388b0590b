/* A network's weights: checked against each other and laid out for the step (network_step.h). */
#include "decoder/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64     /* bytes: a cache line */

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
    const int noise_at = DDSP_NET_ROUND(w->n_harmonics);
    lay_out(from, &network->head, last, noise_at + w->n_noise + 1);
    put(from, &network->head, &w->harmonics, 0, 0);
    put(from, &network->head, &w->noise, 0, noise_at);
    put(from, &network->head, &w->amplitude, 0, noise_at + w->n_noise);
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
