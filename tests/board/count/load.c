/* load PART SECONDS: what one part of the instrument does for so many seconds of sound at 48 kHz,
 * in blocks of 64, with a new control frame every 5 ms. PART: voice (100 harmonics, 65 noise
 * bands), high (the same at 2 kHz: a tenth is below Nyquist), quiet (of the 100 twenty are loud
 * enough to be heard), output (gain and reverb), convolver (a response of one second; it works at
 * full only after as long), analyser, decoder (a network of the size that ships, every 5 ms),
 * nothing.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "network.h"

enum { BLOCK = 64 };

int main(int argc, char **argv)
{
    const char part = argc > 1 ? *argv[1] : 0; /* its first letter */
    const long blocks = argc > 2 ? lround(atof(argv[2]) * RATE / BLOCK) : 0;
    static float mono[BLOCK], stereo[2 * BLOCK], weights[HARMONICS], bands[BANDS];
    ddsp_voice *voice = ddsp_voice_new();
    ddsp_output *output = ddsp_output_new();
    ddsp_analyser *analyser = ddsp_analyser_new();
    if (ddsp_voice_prepare(voice, RATE, BLOCK, HARMONICS, BANDS, 24000.0, 1) != DDSP_OK
        || ddsp_output_prepare(output, RATE, BLOCK) != DDSP_OK
        || ddsp_analyser_prepare(analyser, RATE, BLOCK, (double)HOP / RATE) != DDSP_OK)
        return 1;
    ddsp_features *found = calloc((size_t)ddsp_analyser_max_frames(analyser), sizeof *found);
    ddsp_convolver *convolver = ddsp_convolver_new();
    static float response[RATE];
    for (int i = 0; i < RATE; i++)
        response[i] = 0.01f * (uniform() - 0.5f);
    if (ddsp_convolver_prepare(convolver, RATE, response, RATE, RATE) != DDSP_OK)
        return 1;
    ddsp_output_set_reverb(output, 0.5f, 0.5f, 0.5f);
    const float base_hz = part == 'h' ? 2000.0f : 200.0f;
    float heard = 0.0f;
    ddsp_network *network = network_that_ships();
    static ddsp_decoder_state memory;
    static ddsp_control_frame controls;
    long frames = 0;
    /* Fixed input of the output stage and the analyser: a wavering tone with overtones. */
    for (long block = 0; block < blocks; block++) {
        if (part == 'v' || part == 'h' || part == 'q') {
            if (block * BLOCK >= frames * HOP) {
                for (int k = 0; k < HARMONICS; k++)
                    weights[k] = part == 'q' && k >= 20 ? 1e-9f : uniform() / (float)(k + 1);
                for (int b = 0; b < BANDS; b++)
                    bands[b] = 0.02f * uniform();
                ddsp_voice_set_frame(voice, base_hz + 20.0f * uniform(), 0.3f, weights, bands,
                                     (float)HOP / RATE);
                frames++;
            }
            ddsp_voice_render(voice, mono, BLOCK);
            heard += mono[0];
        } else if (part == 'd') {
            if (block * BLOCK >= frames * HOP) {
                const ddsp_feature_frame in = {.f0_hz = base_hz + 20.0f * uniform(),
                                               .loudness_db = -20.0f,
                                               .confidence = 1.0f,
                                               .pitched = 1.0f};
                ddsp_decoder_step(network, &memory, &in, &controls);
                heard += controls.amplitude;
                frames++;
            }
        } else if (part == 'o' || part == 'a' || part == 'c') {
            for (int i = 0; i < BLOCK; i++) {
                const float turn = (float)((block * BLOCK + i) % 218) / 218.0f;
                mono[i] = 0.4f * (turn - 0.5f) + 0.01f * (uniform() - 0.5f);
            }
            if (part == 'o')
                ddsp_output_process(output, mono, stereo, BLOCK);
            else if (part == 'c')
                ddsp_convolver_process(convolver, mono, stereo, BLOCK);
            else
                frames += ddsp_analyser_process(analyser, mono, BLOCK, found);
            heard += stereo[0];
        }
    }
    return isnan(heard);
}
