/* band PARTS VOICES SECONDS: a band in a rig for so many seconds of sound at 48 kHz, in blocks of
 * 128, the room on: so many parts, each with a decoder of its own, its share of left and right,
 * and so many voices that hold a note. As the audio thread of a Raspberry Pi 4 has it.
 */
#include <math.h>

#include "network.h"

enum { BLOCK = 128 };

static void hold(ddsp_part *part, int voice, float pitch)
{
    const ddsp_event event = {.kind = DDSP_EVENT_START,
                              .voice = voice,
                              .serial = 1,
                              .note = {.version = DDSP_NOTE_VERSION,
                                       .pitch = pitch,
                                       .velocity = 0.8f,
                                       .glide_from = -1.0f}};
    if (!ddsp_part_send_event(part, &event))
        abort();
}

int main(int argc, char **argv)
{
    const int n_parts = argc > 1 ? atoi(argv[1]) : 0, n_voices = argc > 2 ? atoi(argv[2]) : 0;
    const long blocks = argc > 3 ? lround(atof(argv[3]) * RATE / BLOCK) : 0;
    static float out[2 * BLOCK];
    ddsp_part *parts[DDSP_MAX_TOGETHER];
    ddsp_rig *rig = ddsp_rig_new();
    ddsp_network *network = network_that_ships();
    if (ddsp_rig_prepare(rig, RATE, BLOCK, -1) != DDSP_OK || n_parts > DDSP_MAX_TOGETHER)
        return 1;
    ddsp_rig_set(rig, DDSP_REVERB_WET, 0.15f);
    const ddsp_conditioned_model model = {
        .network = network, .n_harmonics = HARMONICS, .n_noise = BANDS, .band_limit_hz = 24000.0,
        .hop_s = (double)HOP / RATE, .usual_hz = 300.0, .lowest_hz = 100.0, .highest_hz = 2000.0};
    for (int p = 0; p < n_parts; p++) {
        ddsp_conditioner *conditioner = ddsp_conditioner_new();
        parts[p] = ddsp_part_new();
        if (ddsp_conditioner_prepare(conditioner, n_voices, &model, NULL,
                                     (ddsp_conditioning){.unpitched = 1.0f}) != DDSP_OK
            || ddsp_part_prepare(parts[p], RATE, BLOCK, n_voices, HARMONICS, BANDS, 24000.0,
                                 model.hop_s, 0, (uint32_t)p + 1) != DDSP_OK
            || ddsp_part_set_conditioner(parts[p], conditioner) != DDSP_OK)
            return 1;
        ddsp_part_set_gain(parts[p], 0.3f + 0.2f * (float)p, 0.9f - 0.2f * (float)p);
        for (int v = 0; v < n_voices; v++)
            hold(parts[p], v, 48.0f + 4.0f * (float)v + 2.0f * (float)p);
    }
    if (n_parts && ddsp_rig_play_together(rig, parts, n_parts, 0.0f, 0.05f) != 1)
        return 1;
    double sum = 0.0;
    for (long block = 0; block < blocks; block++) {
        ddsp_rig_process(rig, NULL, out, BLOCK);
        for (int i = 0; i < 2 * BLOCK; i++)
            sum += fabs((double)out[i]);
    }
    ddsp_rig_stats stats;
    ddsp_rig_read(rig, &stats);
    return !(blocks == 0 || n_parts == 0 || (stats.parts == n_parts && sum > 1.0));
}
