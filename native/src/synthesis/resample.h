/* An impulse response at another rate. */
#ifndef DDSP_RESAMPLE_H
#define DDSP_RESAMPLE_H

/* Setup. n samples at from_rate into `length` samples at to_rate; what lies beyond either Nyquist
 * frequency is lost, the rest keeps its gain as a filter. Equal rates: a copy. 0: no memory. */
int ddsp_resample_response(const float *from, int n, double from_rate, float *to, int length,
                           double to_rate);

#endif
