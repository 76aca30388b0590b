/* Between the files of the stream. */
#ifndef DDSP_STREAM_INTERNAL_H
#define DDSP_STREAM_INTERNAL_H

#include <alsa/asoundlib.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>

#include "ddsp_stream.h"

/* One direction of the card, configured. */
typedef struct {
    snd_pcm_t *pcm;             /* NULL: not used */
    int format, channels;
    snd_pcm_uframes_t period, buffer;
    struct pollfd *polls;       /* and one more at the end, for stopping */
    int n_polls;
    unsigned char *samples;     /* one period of the stream */
} ddsp_side;

/* Opens and configures one side, with config's period (the capture side: as near as it can).
 * 0; else text says why not. */
int ddsp_side_open(ddsp_side *side, const ddsp_stream_config *config, int capture, char *text,
                   int size);
void ddsp_side_close(ddsp_side *side);

/* Bytes of a sample. */
int ddsp_format_size(int format);

enum {
    DDSP_BUCKETS = 24,
    DDSP_STOPPED = 1        /* a result beside 0 and negative errnos */
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
    _Atomic uint64_t jitter_max_ns, jitter_ns[DDSP_BUCKETS];
};

#define LOAD(field) atomic_load_explicit(&(field), memory_order_relaxed)
#define STORE(field, value) atomic_store_explicit(&(field), value, memory_order_relaxed)
#define COUNT(field) STORE(field, LOAD(field) + 1)

/* Audio, the next five. 0, DDSP_STOPPED or a negative errno. */

/* Until a period can be had or put. */
int ddsp_stream_wait_period(ddsp_stream *stream, ddsp_side *side);

/* One period to or from the card, in pieces if it must be. */
int ddsp_stream_move_period(ddsp_stream *stream, ddsp_side *side, int write);

/* From any state to running, the playback buffer full of silence. */
int ddsp_stream_restart(ddsp_stream *stream);

/* After `error`: 0 where it runs again, else that for which it is lost. */
int ddsp_stream_recover(ddsp_stream *stream, int error);

/* The thread itself; a stream. */
void *ddsp_stream_run(void *stream);

/* Scheduling, affinity and locking; what came of it goes into got. */
void ddsp_schedule_thread(const ddsp_stream_config *config, ddsp_stream_got *got);
void ddsp_lock_memory(const ddsp_stream_config *config, ddsp_stream_got *got);

#endif
