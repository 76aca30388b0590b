/* A second-order filter section in double precision (transposed direct form II). Doubles
 * cannot reach denormals within one block, and settling clears them between blocks. */
#ifndef DDSP_SECTION_H
#define DDSP_SECTION_H

#include <math.h>

typedef struct {
    double b0, b1, b2, a1, a2, s1, s2;
} ddsp_section;

static inline double ddsp_section_step(ddsp_section *q, double x)
{
    const double y = q->b0 * x + q->s1;
    q->s1 = q->b1 * x - q->a1 * y + q->s2;
    q->s2 = q->b2 * x - q->a2 * y;
    return y;
}

static inline void ddsp_section_settle(ddsp_section *q)
{
    if (fabs(q->s1) < 1e-30)
        q->s1 = 0.0;
    if (fabs(q->s2) < 1e-30)
        q->s2 = 0.0;
}

/* Bilinear-transform low- or high-pass (R. Bristow-Johnson's cookbook). */
static inline ddsp_section ddsp_section_pass(double rate, double hz, double quality, int high)
{
    const double pi = 3.14159265358979323846;
    const double w = 2.0 * pi * hz / rate, c = cos(w), alpha = sin(w) / (2.0 * quality);
    const double a0 = 1.0 + alpha, edge = high ? -(1.0 + c) : 1.0 - c;
    ddsp_section q = {0};
    q.b1 = edge / a0;
    q.b0 = q.b2 = 0.5 * fabs(edge) / a0;
    q.a1 = -2.0 * c / a0;
    q.a2 = (1.0 - alpha) / a0;
    return q;
}

#endif
