#ifndef DDSP_LOUDNESS_H
#define DDSP_LOUDNESS_H

#define DDSP_LOUDNESS_FLOOR_DB (-80.0f)

/* How many samples the level of a tone of f0_hz is measured over: whole periods
 * (so that the level of a steady tone does not ripple), one or as many as 6 ms hold.
 * f0_hz <= 0: no known period. heard: samples since the onset, a large number where it
 * is long ago. Never more than room. */
int ddsp_loudness_window(double sample_rate, float f0_hz, double heard, int room);

/* Mean square of n > 0 samples in dB re full scale, clamped to -80..+10. */
float ddsp_loudness_db(const float *samples, int n);

#endif
