/* decode: a network and frames from stdin, as test_armv7.py writes them, to controls on stdout.
 * In: int32 n_harmonics, n_noise, state_size, units of both layers, units of merge, frames; then
 * float32 the 12 scalars in the struct's order, each layer's weights and bias in the struct's
 * order, and (f0_hz, loudness_db) of each frame. Out: float32 amplitude, harmonics, noise. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ddsp_kernel.h"

static void take(void *into, size_t bytes)
{
    if (fread(into, 1, bytes, stdin) != bytes)
        exit(2);
}

static ddsp_layer layer(int n_in, int n_out)
{
    float *numbers = malloc((size_t)(n_in + 1) * (size_t)n_out * sizeof *numbers);
    if (!numbers)
        exit(3);
    take(numbers, (size_t)(n_in + 1) * (size_t)n_out * sizeof *numbers);
    return (ddsp_layer){numbers, numbers + n_in * n_out, n_in, n_out};
}

int main(void)
{
    int32_t sizes[7];
    float scalars[12];
    take(sizes, sizeof sizes);
    take(scalars, sizeof scalars);
    ddsp_network_weights w = {.n_harmonics = sizes[0], .n_noise = sizes[1],
                              .state_size = sizes[2], .n_layers = 2};
    memcpy(&w.pitch_centre, scalars, sizeof scalars);
    w.layers[0] = layer(2, sizes[3]);
    w.layers[1] = layer(sizes[3], sizes[4]);
    for (int i = 0; i < 6; i++)
        w.gates[i] = layer(i < 3 ? sizes[4] : sizes[2], sizes[2]);
    w.merge[0] = layer(sizes[4], sizes[5]);
    w.merge[1] = layer(sizes[2], sizes[5]);
    w.amplitude = layer(sizes[5], 1);
    w.harmonics = layer(sizes[5], sizes[0]);
    w.noise = layer(sizes[5], sizes[1]);
    ddsp_network *network = ddsp_network_new();
    if (ddsp_network_prepare(network, &w) != DDSP_OK)
        return 4;
    static ddsp_decoder_state state;
    static ddsp_control_frame out;
    for (int i = 0; i < sizes[6]; i++) {
        ddsp_feature_frame in = {.pitched = 1.0f};
        take(&in.f0_hz, sizeof in.f0_hz);
        take(&in.loudness_db, sizeof in.loudness_db);
        ddsp_decoder_step(network, &state, &in, &out);
        fwrite(&out.amplitude, sizeof(float), 1, stdout);
        fwrite(out.harmonic_distribution, sizeof(float), (size_t)sizes[0], stdout);
        fwrite(out.noise_magnitudes, sizeof(float), (size_t)sizes[1], stdout);
    }
    return state.faults != 0;
}
