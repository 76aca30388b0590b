/* A peak limiter without delay: the gain falls at once, so that no sample passes full scale,
 * and comes back over RELEASE_S. Both sides share it: the image stays. A chord that is too
 * loud bends one crest and is then softer; a plain clip would bend every crest. */
#ifndef DDSP_LIMITER_H
#define DDSP_LIMITER_H

#define LIMITER_RELEASE_S 0.15

typedef struct {
    float gain, back;   /* back: share of the way to 1 that is made up in one sample */
} ddsp_limiter;

static inline void ddsp_limiter_reset(ddsp_limiter *limiter, double sample_rate)
{
    limiter->gain = 1.0f;
    limiter->back = (float)(1.0 / (LIMITER_RELEASE_S * sample_rate));
}

/* The gain of the next sample, whose larger side has this level; exactly 1 at rest. */
static inline float ddsp_limiter_next(ddsp_limiter *limiter, float level)
{
    const float gain = limiter->gain + (1.0f - limiter->gain) * limiter->back;
    limiter->gain = gain > 0.99999f ? 1.0f : gain;
    if (level * limiter->gain > 1.0f)
        limiter->gain = 1.0f / level;
    return limiter->gain;
}

#endif
