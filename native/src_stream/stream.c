/* The audio thread: wait for a period, read, process, write; get going again after an
 * xrun or a night's sleep; end when told, or when the card is gone. After start it
 * allocates nothing and takes no lock of ours.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "stream.h"

enum {
    WAIT_MS = 1000,         /* then something is wrong */
    RETRY_MS = 20,
    MOST_FAILURES = 100,    /* restarts or silent seconds in a row, until it is lost */
    MOST_SILENCES = 5,
    MOST_IDLE_WAKES = 64,   /* wake-ups for nothing, until it sleeps a little */
    BUCKETS = 24,
    STOPPED = 1             /* beside 0 and negative errnos */
};

struct ddsp_stream {
    ddsp_stream_config config;
    ddsp_stream_got got;
    ddsp_side play, record;
    int period;
    float *in, *out;            /* [2 period]; in NULL: no capture */
    int stop_fd;                /* eventfd that ends a wait */
    ddsp_stream_process process;
    void *user;
    pthread_t thread;
    int has_thread;
    sem_t begun;
    int begin_error;
    /* Audio thread's. */
    uint64_t woken_ns;          /* 0: after a restart */
    int failures, silent;       /* in a row */
    /* Shared. */
    atomic_int stop, state, error, delay;
    _Atomic uint64_t periods, xruns, suspends, recoveries, silences;
    _Atomic uint64_t jitter_max_ns, jitter_ns[BUCKETS];
};

#define LOAD(field) atomic_load_explicit(&(field), memory_order_relaxed)
#define STORE(field, value) atomic_store_explicit(&(field), value, memory_order_relaxed)
#define COUNT(field) STORE(field, LOAD(field) + 1)

/* ---- audio thread ---- */

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* Waits for the card or for ddsp_stream_stop. */
static int wait_events(ddsp_stream *stream, ddsp_side *side)
{
    unsigned short events = 0;
    const int ready = poll(side->polls, (nfds_t)side->n_polls + 1, WAIT_MS);
    if (LOAD(stream->stop))
        return STOPPED;
    if (ready < 0)
        return errno == EINTR ? 0 : -errno;
    if (ready == 0)
        return -ETIMEDOUT;
    snd_pcm_poll_descriptors_revents(side->pcm, side->polls, (unsigned)side->n_polls, &events);
    if (!(events & (POLLERR | POLLHUP | POLLNVAL)))
        return 0;
    switch (snd_pcm_state(side->pcm)) {
    case SND_PCM_STATE_XRUN: return -EPIPE;
    case SND_PCM_STATE_SUSPENDED: return -ESTRPIPE;
    case SND_PCM_STATE_DISCONNECTED: return -ENODEV;
    default: return events & POLLERR ? -EPIPE : -ENODEV;
    }
}

/* Until a period can be had or put: 0. */
static int wait_period(ddsp_stream *stream, ddsp_side *side)
{
    for (int wakes = 0;; wakes++) {
        const snd_pcm_sframes_t there = snd_pcm_avail_update(side->pcm);
        if (LOAD(stream->stop))
            return STOPPED;
        if (there < 0)
            return (int)there;
        if (there >= stream->period)
            return 0;
        if (wakes > MOST_IDLE_WAKES) /* a driver that says ready and is not */
            poll(&side->polls[side->n_polls], 1, 1);
        const int result = wait_events(stream, side);
        if (result != 0)
            return result;
    }
}

/* One period to or from the card, in pieces if it must be. */
static int move_period(ddsp_stream *stream, ddsp_side *side, int write)
{
    const size_t frame = (size_t)(ddsp_format_size(side->format) * side->channels);
    for (int done = 0; done < stream->period;) {
        unsigned char *at = side->samples + (size_t)done * frame;
        const snd_pcm_uframes_t left = (snd_pcm_uframes_t)(stream->period - done);
        const snd_pcm_sframes_t moved = write ? snd_pcm_writei(side->pcm, at, left)
                                              : snd_pcm_readi(side->pcm, at, left);
        if (moved > 0) {
            done += (int)moved;
            continue;
        }
        if (moved < 0 && moved != -EAGAIN && moved != -EINTR)
            return (int)moved;
        const int result = wait_events(stream, side);
        if (result != 0)
            return result;
    }
    return 0;
}

/* From any state to running, the playback buffer full of silence. */
static int restart(ddsp_stream *stream)
{
    ddsp_side *play = &stream->play, *record = &stream->record;
    int error;
    stream->woken_ns = 0;
    snd_pcm_drop(play->pcm);
    if (record->pcm)
        snd_pcm_drop(record->pcm);
    if ((error = snd_pcm_prepare(play->pcm)) < 0)
        return error;
    if (record->pcm && !stream->got.linked && (error = snd_pcm_prepare(record->pcm)) < 0)
        return error;
    memset(play->samples, 0,
           (size_t)stream->period * (size_t)(ddsp_format_size(play->format) * play->channels));
    for (int filled = stream->period; filled <= stream->got.buffer; filled += stream->period)
        if ((error = move_period(stream, play, 1)) != 0)
            return error;
    if (!record->pcm || stream->got.linked)
        return snd_pcm_start(play->pcm);
    error = snd_pcm_start(record->pcm);
    return error < 0 ? error : snd_pcm_start(play->pcm);
}

/* After the sleep of the whole system: on from where it was, if the card can. */
static int resume(ddsp_stream *stream)
{
    int error = -EAGAIN;
    for (int i = 0; i < MOST_FAILURES && error == -EAGAIN; i++) {
        error = snd_pcm_resume(stream->play.pcm);
        if (error == -EAGAIN)
            poll(&stream->play.polls[stream->play.n_polls], 1, RETRY_MS);
        if (LOAD(stream->stop))
            return STOPPED;
    }
    return error;
}

static int is_gone(int error)
{
    return error == -ENODEV || error == -ESHUTDOWN || error == -ENXIO || error == -EBADF;
}

/* 0: it runs again; STOPPED; or the error for which it is lost. */
static int recover(ddsp_stream *stream, int error)
{
    if (error == -EPIPE) {
        COUNT(stream->xruns);
    } else if (error == -ESTRPIPE) {
        COUNT(stream->suspends);
        if (resume(stream) == STOPPED)
            return STOPPED;
    } else if (error == -ETIMEDOUT) {
        COUNT(stream->silences);
        if (++stream->silent >= MOST_SILENCES)
            return error;
    }
    while (!is_gone(error)) {
        const int result = restart(stream);
        if (result == STOPPED)
            return STOPPED;
        if (result >= 0) {
            COUNT(stream->recoveries);
            /* It may start and fail at once, for ever. */
            return ++stream->failures < MOST_FAILURES ? 0 : error;
        }
        error = result;
        if (++stream->failures >= MOST_FAILURES)
            return error;
        poll(&stream->play.polls[stream->play.n_polls], 1, RETRY_MS);
        if (LOAD(stream->stop))
            return STOPPED;
    }
    return error;
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
    while (bucket < BUCKETS - 1 && size >> (bucket + 1))
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
        error = move_period(stream, &stream->record, 0);
    return error;
}

static int one_period(ddsp_stream *stream)
{
    ddsp_side *play = &stream->play, *record = &stream->record;
    int result;
    if (record->pcm && (result = wait_period(stream, record)) != 0)
        return result;
    if ((result = wait_period(stream, play)) != 0)
        return result;
    if (record->pcm) {
        if ((result = drop_surplus(stream)) != 0
            || (result = move_period(stream, record, 0)) != 0)
            return result;
        ddsp_stream_from_card(record->format, record->channels, record->samples, stream->in,
                              stream->period);
    }
    note_jitter(stream);
    stream->process(stream->user, stream->in, stream->out, stream->period);
    ddsp_stream_to_card(play->format, play->channels, stream->out, play->samples,
                        stream->period);
    snd_pcm_sframes_t delay = 0;
    if (snd_pcm_delay(play->pcm, &delay) == 0)
        STORE(stream->delay, (int)delay);
    if ((result = move_period(stream, play, 1)) != 0)
        return result;
    COUNT(stream->periods);
    stream->failures = stream->silent = 0;
    return 0;
}

static void *run(void *argument)
{
    ddsp_stream *stream = argument;
    pthread_setname_np(pthread_self(), "ddsp-audio");
    ddsp_schedule_thread(&stream->config, &stream->got);
    stream->failures = stream->silent = 0;
    int error = stream->begin_error = restart(stream);
    if (error >= 0)
        STORE(stream->state, DDSP_STREAM_RUNNING);
    sem_post(&stream->begun);
    if (error < 0)
        return NULL;
    do {
        error = one_period(stream);
        if (error < 0)
            error = recover(stream, error);
    } while (error == 0);
    if (error < 0) {
        STORE(stream->error, -error);
        atomic_store_explicit(&stream->state, DDSP_STREAM_LOST, memory_order_release);
    }
    return NULL;
}

/* ---- setup ---- */

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
    const int error = pthread_create(&stream->thread, NULL, run, stream);
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
    for (int i = 0; i < BUCKETS; i++)
        out->jitter_ns[i] = LOAD(stream->jitter_ns[i]);
}

void ddsp_stream_describe(const ddsp_stream *stream, ddsp_stream_got *out)
{
    *out = stream->got;
}
