/* What the programs that are counted play: sizes, random numbers, a network as they ship. */
#ifndef COUNT_NETWORK_H
#define COUNT_NETWORK_H

#include <stdint.h>
#include <stdlib.h>

#include "ddsp_kernel.h"

enum { RATE = 48000, HOP = 240, HARMONICS = 100, BANDS = 65 };

static uint32_t state = 1;

static float uniform(void)
{
    state = state * 1664525u + 1013904223u;
    return (float)(state >> 8) / 16777216.0f;
}

static ddsp_layer layer(int n_in, int n_out)
{
    float *numbers = malloc((size_t)(n_in + 1) * (size_t)n_out * sizeof *numbers);
    if (!numbers)
        abort();
    for (int i = 0; i < (n_in + 1) * n_out; i++)
        numbers[i] = 0.4f * (uniform() - 0.5f);
    return (ddsp_layer){numbers, numbers + n_in * n_out, n_in, n_out};
}

/* The sizes of the shipped networks: 22,438 parameters. */
static ddsp_network *network_that_ships(void)
{
    enum { HIDDEN = 32, STATE = 32, DENSE = 64 };
    ddsp_network_weights w = {
        .n_harmonics = HARMONICS, .n_noise = BANDS, .state_size = STATE, .pitch_centre = 0.5f,
        .pitch_slope = 8.0f, .loudness_centre = 0.6f, .loudness_slope = 4.0f, .leak = 0.1f,
        .gain_centre = 1.0f, .gain_slope = 9.21f, .gain_floor = 1e-4f, .amplitude_low = -6.0f,
        .amplitude_high = 4.0f, .noise_low = -16.0f, .noise_high = 3.0f, .n_layers = 2,
        .layers = {layer(2, HIDDEN), layer(HIDDEN, HIDDEN)},
        .merge = {layer(HIDDEN, DENSE), layer(STATE, DENSE)}, .amplitude = layer(DENSE, 1),
        .harmonics = layer(DENSE, HARMONICS), .noise = layer(DENSE, BANDS)};
    for (int i = 0; i < 6; i++)
        w.gates[i] = layer(HIDDEN, STATE);
    ddsp_network *network = ddsp_network_new();
    if (ddsp_network_prepare(network, &w) != DDSP_OK)
        abort();
    return network;
}

#endif
