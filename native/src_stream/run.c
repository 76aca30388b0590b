/* The audio thread: wait for a period, read, process, write; get going again; end when told,
 * or when the card is gone. After start it allocates nothing and takes no lock of ours.
 */
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "stream.h"

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* The time since the last wake-up against the period's length. */
static void note_jitter(ddsp_stream *stream)
{
    const uint64_t now = now_ns(), last = stream->woken_ns;
    stream->woken_ns = now;
    if (last == 0)
        return;
    const int64_t period_ns =
        (int64_t)stream->period * INT64_C(1000000000) / stream->got.rate;
    const int64_t off = (int64_t)(now - last) - period_ns;
    const uint64_t size = (uint64_t)(off < 0 ? -off : off);
    int bucket = 0;
    while (bucket < DDSP_BUCKETS - 1 && size >> (bucket + 1))
        bucket++;
    COUNT(stream->jitter_ns[bucket]);
    if (size > LOAD(stream->jitter_max_ns))
        STORE(stream->jitter_max_ns, size);
}

/* Where the two sides start one after the other, what the capture gained meanwhile
 * would be delay for ever: away with it. */
static int drop_surplus(ddsp_stream *stream)
{
    if (stream->got.linked || stream->woken_ns != 0)
        return 0;
    int error = 0;
    while (error == 0 && snd_pcm_avail_update(stream->record.pcm) >= 2 * stream->period)
        error = ddsp_stream_move_period(stream, &stream->record, 0);
    return error;
}

static int one_period(ddsp_stream *stream)
{
    ddsp_side *play = &stream->play, *record = &stream->record;
    int result;
    if (record->pcm && (result = ddsp_stream_wait_period(stream, record)) != 0)
        return result;
    if ((result = ddsp_stream_wait_period(stream, play)) != 0)
        return result;
    if (record->pcm) {
        if ((result = drop_surplus(stream)) != 0
            || (result = ddsp_stream_move_period(stream, record, 0)) != 0)
            return result;
        ddsp_stream_from_card(record->format, record->channels, record->samples, stream->in,
                              stream->period);
    }
    note_jitter(stream);
    stream->process(stream->user, stream->in, stream->out, stream->period);
    ddsp_stream_to_card(play->format, play->channels, stream->out, play->samples,
                        stream->period);
    snd_pcm_sframes_t delay = 0;
    /* Just before an xrun nothing is left in the buffer: that is no delay to tell of. */
    if (snd_pcm_delay(play->pcm, &delay) == 0 && delay > 0)
        STORE(stream->delay, (int)delay);
    if ((result = ddsp_stream_move_period(stream, play, 1)) != 0)
        return result;
    COUNT(stream->periods);
    stream->failures = stream->silent = 0;
    return 0;
}

void *ddsp_stream_run(void *argument)
{
    ddsp_stream *stream = argument;
    pthread_setname_np(pthread_self(), "ddsp-audio");
    ddsp_schedule_thread(&stream->config, &stream->got);
    stream->failures = stream->silent = 0;
    int error = stream->begin_error = ddsp_stream_restart(stream);
    if (error >= 0)
        STORE(stream->state, DDSP_STREAM_RUNNING);
    sem_post(&stream->begun);
    if (error < 0)
        return NULL;
    do {
        error = one_period(stream);
        if (error < 0)
            error = ddsp_stream_recover(stream, error);
    } while (error == 0);
    if (error < 0) {
        STORE(stream->error, -error);
        atomic_store_explicit(&stream->state, DDSP_STREAM_LOST, memory_order_release);
    }
    return NULL;
}
