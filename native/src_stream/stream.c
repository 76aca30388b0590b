/* A stream's life: open, start, stop, close, and what there is to know of it. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "stream.h"

static int is_sane(const ddsp_stream_config *c)
{
    return c->playback && c->rate >= 4000 && c->rate <= 768000 && c->period >= 16
           && c->period <= 8192 && c->periods >= 2 && c->periods <= 64
           && c->format >= -1 && c->format < DDSP_FORMATS;
}

static int open_sides(ddsp_stream *stream, char *text, int size)
{
    ddsp_stream_config config = stream->config;
    ddsp_side *play = &stream->play, *record = &stream->record;
    if (ddsp_side_open(play, &config, 0, text, size) < 0)
        return 0;
    config.period = (int)play->period;
    config.periods = (int)(play->buffer / play->period);
    if (config.capture && ddsp_side_open(record, &config, 1, text, size) < 0)
        return 0;
    if (play->buffer < 2 * play->period
        || (record->pcm && record->buffer < play->period)) {
        snprintf(text, (size_t)size, "%s has no room for two periods of %d samples",
                 config.playback, config.period);
        return 0;
    }
    /* Its own period may differ; what counts is that it wakes us for ours. */
    if (record->pcm && record->period != play->period) {
        unsigned char *samples = realloc(record->samples,
            play->period * (size_t)(ddsp_format_size(record->format) * record->channels));
        if (!samples) {
            snprintf(text, (size_t)size, "out of memory");
            return 0;
        }
        record->samples = samples;
    }
    return 1;
}

ddsp_stream *ddsp_stream_open(const ddsp_stream_config *config, char *text, int size)
{
    ddsp_stream *stream = calloc(1, sizeof *stream);
    if (!stream || !is_sane(config)) {
        snprintf(text, (size_t)size, stream ? "period 16 to 8192, periods 2 to 64, "
                 "rate 4000 to 768000" : "out of memory");
        free(stream);
        return NULL;
    }
    stream->config = *config;
    stream->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sem_init(&stream->begun, 0, 0);
    int good = open_sides(stream, text, size);
    ddsp_side *play = &stream->play, *record = &stream->record;
    if (good) {
        stream->period = (int)play->period;
        stream->out = calloc(play->period * 2, sizeof(float));
        stream->in = record->pcm ? calloc(play->period * 2, sizeof(float)) : NULL;
        good = stream->stop_fd >= 0 && stream->out && (!record->pcm || stream->in);
        if (!good)
            snprintf(text, (size_t)size, "out of memory");
    }
    if (!good) {
        ddsp_stream_close(stream);
        return NULL;
    }
    stream->config.playback = stream->config.capture = NULL; /* the caller's memory */
    play->polls[play->n_polls] = (struct pollfd){.fd = stream->stop_fd, .events = POLLIN};
    if (record->pcm)
        record->polls[record->n_polls] = play->polls[play->n_polls];
    stream->got = (ddsp_stream_got){
        .rate = config->rate,
        .period = stream->period,
        .periods = (int)(play->buffer / play->period),
        .playback_format = play->format,
        .capture_format = record->format,
        .playback_channels = play->channels,
        .capture_channels = record->channels,
        .buffer = (int)play->buffer,
        .linked = record->pcm && snd_pcm_link(play->pcm, record->pcm) == 0,
    };
    return stream;
}

int ddsp_stream_start(ddsp_stream *stream, ddsp_stream_process process, void *user)
{
    if (stream->has_thread || LOAD(stream->state) == DDSP_STREAM_LOST)
        return EINVAL;
    stream->process = process;
    stream->user = user;
    STORE(stream->stop, 0);
    ddsp_lock_memory(&stream->config, &stream->got);
    /* No signal is handled in the audio thread: it inherits this mask. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(&stream->thread, NULL, ddsp_stream_run, stream);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error)
        return error;
    stream->has_thread = 1;
    while (sem_wait(&stream->begun) != 0)
        ;
    if (stream->begin_error < 0)
        ddsp_stream_stop(stream);
    return stream->begin_error < 0 ? -stream->begin_error : 0;
}

void ddsp_stream_stop(ddsp_stream *stream)
{
    uint64_t one = 1;
    if (!stream->has_thread)
        return;
    STORE(stream->stop, 1);
    ssize_t moved = write(stream->stop_fd, &one, sizeof one);
    pthread_join(stream->thread, NULL);
    stream->has_thread = 0;
    moved = read(stream->stop_fd, &one, sizeof one);
    (void)moved;
    snd_pcm_drop(stream->play.pcm);
    if (stream->record.pcm)
        snd_pcm_drop(stream->record.pcm);
    if (LOAD(stream->state) == DDSP_STREAM_RUNNING)
        STORE(stream->state, DDSP_STREAM_STOPPED);
}

void ddsp_stream_close(ddsp_stream *stream)
{
    if (!stream)
        return;
    ddsp_stream_stop(stream);
    ddsp_side_close(&stream->record);
    ddsp_side_close(&stream->play);
    if (stream->stop_fd >= 0)
        close(stream->stop_fd);
    sem_destroy(&stream->begun);
    free(stream->in);
    free(stream->out);
    free(stream);
}

void ddsp_stream_read(ddsp_stream *stream, ddsp_stream_stats *out)
{
    *out = (ddsp_stream_stats){
        .state = atomic_load_explicit(&stream->state, memory_order_acquire),
        .error = LOAD(stream->error),
        .periods = LOAD(stream->periods),
        .xruns = LOAD(stream->xruns),
        .suspends = LOAD(stream->suspends),
        .recoveries = LOAD(stream->recoveries),
        .silences = LOAD(stream->silences),
        .delay = LOAD(stream->delay),
        .jitter_max_ns = LOAD(stream->jitter_max_ns),
    };
    for (int i = 0; i < DDSP_BUCKETS; i++)
        out->jitter_ns[i] = LOAD(stream->jitter_ns[i]);
}

void ddsp_stream_describe(const ddsp_stream *stream, ddsp_stream_got *out)
{
    *out = stream->got;
}
