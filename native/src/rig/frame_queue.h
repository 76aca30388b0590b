/* Control frames of one voice on their way to it: when each takes effect. */
#ifndef DDSP_FRAME_QUEUE_H
#define DDSP_FRAME_QUEUE_H

#include <stdint.h>

#include "ddsp_kernel.h"
#include "rig/ring.h"

typedef struct {
    int64_t position;       /* of the tick that it answers; negative: start now */
    int delay;              /* samples from there to the start of its ramp */
    int onset;              /* a note starts: it waits for no ramp, and its own is not cut short */
    unsigned panic;         /* how many panics there were when it was sent */
    int sounds;             /* not silent */
    float f0_hz, amplitude, ramp_s;
    float values[];         /* harmonic distribution, noise magnitudes */
} ddsp_queued_frame;

/* One thread pushes, the audio thread does the rest; they may be the same. */
typedef struct {
    ddsp_ring ring;
    int n_harmonics, n_noise;
    /* Audio thread's. */
    int64_t busy;           /* end of an onset's ramp */
    int64_t still;          /* from here on the voice has been silent for long */
    int sounds;             /* as the frame that took effect last */
} ddsp_frame_queue;

/* What takes effect, and how the rest of the part is told. */
typedef struct {
    double sample_rate;
    ddsp_voice *voice;
    ddsp_noise_bank *bank;  /* takes the voice's noise; NULL: the voice makes it itself */
    int64_t position;       /* of the block's first sample */
    int held;               /* a panic is under way: take no frames */
    unsigned late;          /* counts frames that came after their ramp's end */
    int64_t applied_at;     /* of the last frame that took effect; -1: none in this block */
    int applied_ramp;       /* its ramp, samples */
} ddsp_frame_clock;

/* Setup; 0 where there is no memory. */
int ddsp_frame_queue_prepare(ddsp_frame_queue *queue, unsigned slots, int n_harmonics,
                             int n_noise);
void ddsp_frame_queue_free(ddsp_frame_queue *queue);

/* Producer. The values are copied; 0 when the queue is full. */
int ddsp_frame_queue_push(ddsp_frame_queue *queue, const ddsp_queued_frame *head,
                          const float *harmonics, const float *noise);

/* Audio. n samples of the voice, frames taking effect where they fall. */
void ddsp_frame_queue_render(ddsp_frame_queue *queue, ddsp_frame_clock *clock, float *out, int n);

/* Audio. An onset that waits overtakes older frames. */
void ddsp_frame_queue_overtake(ddsp_frame_queue *queue);

/* Audio. Forgets the frames sent before panic number `panic`. */
void ddsp_frame_queue_forget(ddsp_frame_queue *queue, unsigned panic);

/* Audio. The voice was reset. */
void ddsp_frame_queue_silence(ddsp_frame_queue *queue);

#endif
