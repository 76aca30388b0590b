/* Sizes, scalars and layers, in the order of ddsp_network_weights. A layer is its number of outputs
 * and of inputs, its weights by rows and its bias. */
#include "model_file/network_section.h"

#include <stdlib.h>

enum { MOST_INPUTS = 2 * DDSP_MAX_UNITS + DDSP_MAX_STATE };

/* Floats of the whole section, handed out in order. */
typedef struct {
    float *memory;
    size_t used, size;
} pool;

static const float *take_floats(ddsp_cursor *from, pool *floats, size_t n)
{
    if (n > from->left / 4 || n > floats->size - floats->used) {
        from->ran_out = 1;
        return NULL;
    }
    float *to = floats->memory + floats->used;
    for (size_t i = 0; i < n; i++)
        to[i] = ddsp_cursor_f32(from);
    floats->used += n;
    return to;
}

static int read_layer(ddsp_cursor *from, pool *floats, ddsp_layer *layer)
{
    const uint32_t n_out = ddsp_cursor_u32(from), n_in = ddsp_cursor_u32(from);
    if (from->ran_out || n_out < 1 || n_out > DDSP_MAX_UNITS || n_in < 1 || n_in > MOST_INPUTS)
        return 0;
    layer->n_out = (int)n_out;
    layer->n_in = (int)n_in;
    layer->weights = take_floats(from, floats, (size_t)n_out * n_in);
    layer->bias = take_floats(from, floats, n_out);
    return layer->weights && layer->bias;
}

static void read_scalars(ddsp_cursor *from, ddsp_network_weights *w)
{
    float *const to[] = {
        &w->pitch_centre, &w->pitch_slope, &w->loudness_centre, &w->loudness_slope, &w->leak,
        &w->gain_centre, &w->gain_slope, &w->gain_floor, &w->amplitude_low, &w->amplitude_high,
        &w->noise_low, &w->noise_high,
    };
    for (size_t i = 0; i < sizeof to / sizeof *to; i++)
        *to[i] = ddsp_cursor_f32(from);
}

static int read_weights(ddsp_cursor *from, pool *floats, ddsp_network_weights *w)
{
    uint32_t sizes[7];      /* harmonics, noise, state, means, layers, past, recurrent */
    for (int i = 0; i < 7; i++)
        sizes[i] = ddsp_cursor_u32(from);
    if (from->ran_out || sizes[0] > DDSP_MAX_HARMONICS || sizes[1] > DDSP_MAX_NOISE_BANDS
        || sizes[2] > DDSP_MAX_STATE || sizes[3] > DDSP_MAX_STATE || sizes[4] < 1
        || sizes[4] > DDSP_MAX_LAYERS || sizes[5] > 1 || sizes[6] > 1)
        return 0;
    w->n_harmonics = (int)sizes[0];
    w->n_noise = (int)sizes[1];
    w->state_size = (int)sizes[2];
    w->n_means = (int)sizes[3];
    w->n_layers = (int)sizes[4];
    read_scalars(from, w);
    w->mean_shares = take_floats(from, floats, sizes[3]);
    int good = w->mean_shares != NULL;
    for (int i = 0; good && i < w->n_layers; i++)
        good = read_layer(from, floats, &w->layers[i]);
    if (good && sizes[5])
        good = read_layer(from, floats, &w->past);
    for (int i = 0; good && sizes[6] && i < 6; i++)
        good = read_layer(from, floats, &w->gates[i]);
    for (int i = 0; good && sizes[6] && i < 2; i++)
        good = read_layer(from, floats, &w->merge[i]);
    return good && read_layer(from, floats, &w->amplitude)
           && read_layer(from, floats, &w->harmonics) && read_layer(from, floats, &w->noise);
}

int ddsp_network_section_read(ddsp_cursor *from, ddsp_network *network, int *n_harmonics,
                              int *n_noise)
{
    ddsp_network_weights weights = {0};
    pool floats = {.size = from->left / 4 + 1};
    floats.memory = malloc(floats.size * sizeof(float));
    if (!floats.memory)
        return DDSP_MODEL_MEMORY;
    int problem = DDSP_MODEL_VALUES;
    if (read_weights(from, &floats, &weights)) {
        const int status = ddsp_network_prepare(network, &weights);
        problem = status == DDSP_OK          ? DDSP_MODEL_GOOD
                  : status == DDSP_NO_MEMORY ? DDSP_MODEL_MEMORY
                                             : DDSP_MODEL_VALUES;
    }
    *n_harmonics = weights.n_harmonics;
    *n_noise = weights.n_noise;
    free(floats.memory);
    return problem;
}
