/* Each voice has its own queue, so that a note that starts now need not wait behind frames whose
 * time has not come. */
#include "rig/frame_queue.h"

#include <math.h>
#include <string.h>

#include "common/sanitize.h"

#define SHORTEST_RAMP_S 0.001
#define LONGEST_RAMP_S 10.0f
/* So long after a silent frame's ramp the voice itself says nothing any more: the noise filter
 * has run out. */
#define RUN_OUT_S 0.1

int ddsp_frame_queue_prepare(ddsp_frame_queue *queue, unsigned slots, int n_harmonics,
                             int n_noise)
{
    const size_t size = offsetof(ddsp_queued_frame, values)
                        + (size_t)(n_harmonics + n_noise) * sizeof(float);
    queue->n_harmonics = n_harmonics;
    queue->n_noise = n_noise;
    return ddsp_ring_prepare(&queue->ring, slots, (size + 7) & ~(size_t)7);
}

void ddsp_frame_queue_free(ddsp_frame_queue *queue)
{
    ddsp_ring_free(&queue->ring);
}

int ddsp_frame_queue_push(ddsp_frame_queue *queue, const ddsp_queued_frame *head,
                          const float *harmonics, const float *noise)
{
    ddsp_queued_frame *to = ddsp_ring_slot(&queue->ring);
    if (!to)
        return 0;
    *to = *head;
    to->sounds = head->amplitude > 0.0f;
    memcpy(to->values, harmonics, (size_t)queue->n_harmonics * sizeof(float));
    float *bands = to->values + queue->n_harmonics;
    for (int b = 0; b < queue->n_noise; b++) {
        bands[b] = noise[b];
        to->sounds |= bands[b] > 0.0f;
    }
    ddsp_ring_push(&queue->ring);
    return 1;
}

/* Where the frame would start if nothing were in its way. An answer's tick is never of the
 * future; what is made here may be. */
static int64_t planned(const ddsp_queued_frame *f, int64_t now)
{
    if (f->position < 0)
        return now;
    return (f->delay > 0 && f->position > now ? now : f->position) + f->delay;
}

/* Where its ramp starts, when now is the earliest. */
static int64_t start_of(const ddsp_frame_queue *queue, const ddsp_queued_frame *f, int64_t now)
{
    int64_t start = planned(f, now);
    if (!f->onset && start < queue->busy)
        start = queue->busy;
    return start < now ? now : start;
}

/* Where its ramp ends. */
static int64_t end_of(const ddsp_frame_clock *clock, const ddsp_queued_frame *f, int64_t now)
{
    const float ramp_s = ddsp_within(f->ramp_s, 0.0f, LONGEST_RAMP_S);
    return planned(f, now) + llround((double)ramp_s * clock->sample_rate);
}

static int is_late(const ddsp_frame_clock *clock, const ddsp_queued_frame *f, int64_t now)
{
    return f->position >= 0 && end_of(clock, f, now) <= now;
}

static void apply(ddsp_frame_queue *queue, ddsp_frame_clock *clock, const ddsp_queued_frame *f,
                  int64_t now)
{
    const int64_t shortest = (int64_t)ceil(SHORTEST_RAMP_S * clock->sample_rate);
    const int64_t left = end_of(clock, f, now) - now;
    const int64_t length = left < shortest ? shortest : left;
    clock->late += (unsigned)is_late(clock, f, now);
    if (f->onset)
        queue->busy = now + length;
    ddsp_voice_set_frame(clock->voice, f->f0_hz, f->amplitude, f->values,
                         f->values + queue->n_harmonics, (float)(length / clock->sample_rate));
    if (f->sounds || queue->sounds)
        queue->still = now + length + (int64_t)(RUN_OUT_S * clock->sample_rate);
    queue->sounds = f->sounds;
    clock->applied_at = now;
    clock->applied_ramp = (int)length;
}

void ddsp_frame_queue_render(ddsp_frame_queue *queue, ddsp_frame_clock *clock, float *out, int n)
{
    ddsp_ring *ring = &queue->ring;
    for (int done = 0; done < n;) {
        const int64_t now = clock->position + done;
        unsigned there = clock->held ? 0 : ddsp_ring_count(ring);
        /* After a starvation many may be due at once: the last of them is enough. (No tick's
         * frame replaces an onset: it waits for the end of its ramp.) */
        for (; there > 1; there--) {
            const ddsp_queued_frame *first = ddsp_ring_at(ring, 0), *second = ddsp_ring_at(ring, 1);
            if ((first->onset && !second->onset) || start_of(queue, second, now) > now)
                break;
            clock->late += (unsigned)is_late(clock, first, now);
            ddsp_ring_pop(ring, 1);
        }
        int until = n - done;
        for (unsigned i = 0; i < there && i < 2; i++) {
            const int64_t ahead = start_of(queue, ddsp_ring_at(ring, i), now) - now;
            until = ahead < until ? (int)ahead : until;
        }
        if (there && start_of(queue, ddsp_ring_at(ring, 0), now) == now) {
            apply(queue, clock, ddsp_ring_at(ring, 0), now);
            ddsp_ring_pop(ring, 1);
            continue;
        }
        until = until < 1 ? 1 : until;
        if (!queue->sounds && now >= queue->still)
            memset(out + done, 0, (size_t)until * sizeof *out);
        else if (clock->bank)
            ddsp_voice_render_shared(clock->voice, clock->bank, done, out + done, until);
        else
            ddsp_voice_render(clock->voice, out + done, until);
        done += until;
    }
}

void ddsp_frame_queue_overtake(ddsp_frame_queue *queue)
{
    for (unsigned i = ddsp_ring_count(&queue->ring); i-- > 1;) {
        if (((const ddsp_queued_frame *)ddsp_ring_at(&queue->ring, i))->position < 0) {
            ddsp_ring_pop(&queue->ring, i);
            break;
        }
    }
}

void ddsp_frame_queue_forget(ddsp_frame_queue *queue, unsigned panic)
{
    unsigned old = 0;
    for (const unsigned there = ddsp_ring_count(&queue->ring); old < there; old++) {
        const ddsp_queued_frame *f = ddsp_ring_at(&queue->ring, old);
        if ((int)(f->panic - panic) >= 0)
            break;
    }
    ddsp_ring_pop(&queue->ring, old);
}

void ddsp_frame_queue_silence(ddsp_frame_queue *queue)
{
    queue->sounds = 0;
    queue->busy = queue->still = 0;
}
