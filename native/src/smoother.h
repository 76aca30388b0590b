/* A control that moves linearly to its target. */
#ifndef DDSP_SMOOTHER_H
#define DDSP_SMOOTHER_H

typedef struct {
    float now, target, slope;
    int left; /* samples to the target */
} smoother;

static inline void smoother_arrive(smoother *s)
{
    s->now = s->target;
    s->left = 0;
}

static inline void smoother_set(smoother *s, float target, int ramp)
{
    s->target = target;
    s->left = ramp > 1 ? ramp : 1;
    s->slope = (target - s->now) / (float)s->left;
}

static inline float smoother_next(smoother *s)
{
    if (s->left > 0) {
        s->now += s->slope;
        if (--s->left == 0) s->now = s->target;
    }
    return s->now;
}

#endif
