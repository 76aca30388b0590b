/* ddsp_stream.h: the audio thread, between an ALSA card and a process function.
 *
 * Read as the cffi cdef too, like ddsp_kernel.h, and with the same rules. It knows
 * nothing of the kernel: `process` is called with interleaved stereo floats.
 */

enum {
    DDSP_STREAM_STOPPED,    /* open, or stopped by ddsp_stream_stop */
    DDSP_STREAM_RUNNING,
    DDSP_STREAM_LOST        /* the device went away: close, and open again */
};

/* Sample formats, best first. */
enum {
    DDSP_FORMAT_FLOAT,
    DDSP_FORMAT_S32,
    DDSP_FORMAT_S24_3,      /* 24 bits in three bytes */
    DDSP_FORMAT_S24,        /* 24 bits, low, in four bytes */
    DDSP_FORMAT_S16,
    DDSP_FORMATS
};

/* Audio. n frames; in is NULL when there is no capture. As ddsp_rig_process. */
typedef void (*ddsp_stream_process)(void *user, const float *in, float *out, int n);

typedef struct {
    const char *playback;   /* PCM name: "hw:CARD=Device", "plughw:0", "default" ... */
    const char *capture;    /* NULL: playback only */
    int rate;               /* Hz, exact */
    int period;             /* samples wanted; 16..8192 */
    int periods;            /* wanted in the playback buffer; 2..64 */
    int format;             /* one of the above; -1: the best the card has */
    int priority;           /* SCHED_FIFO 1..99; 0: ordinary scheduling */
    int cpu;                /* the thread stays on this one; -1: any */
    int lock_memory;        /* nothing of the process is swapped out */
} ddsp_stream_config;

typedef struct {
    int state;
    int error;                      /* errno that made it LOST */
    uint64_t periods;               /* processed: the heartbeat */
    uint64_t xruns;                 /* the card ran out of sound, or over */
    uint64_t suspends;              /* the system slept */
    uint64_t recoveries;            /* times it got going again after either */
    uint64_t silences;              /* waits of a second in which nothing came */
    int delay;                      /* samples from process to the jack, last seen; 0: unknown */
    uint64_t jitter_max_ns;         /* of the time between wake-ups, re the period */
    uint64_t jitter_ns[24];         /* wake-ups that were 2^i .. 2^(i+1) ns off */
} ddsp_stream_stats;

/* What was got; constant from open (the last four: from start) to close. */
typedef struct {
    int rate, period, periods;      /* periods: buffer / period, rounded down */
    int playback_format, capture_format;
    int playback_channels, capture_channels;    /* 0: none */
    int buffer;                     /* samples of the playback buffer */
    int linked;                     /* both sides start in the same instant */
    int priority, priority_error;   /* SCHED_FIFO got, or 0 and errno */
    int locked, lock_error;
    int cpu_error;                  /* errno, 0: as asked */
} ddsp_stream_got;

typedef struct ddsp_stream ddsp_stream;

/* Setup. NULL when the device cannot be had; then text (size bytes) says why in
 * one plain line, and what the card can do where that is the matter. */
ddsp_stream *ddsp_stream_open(const ddsp_stream_config *config, char *text, int size);

/* Setup. Starts the thread: 0 or an errno. process is called from now on, in that
 * thread only. A stream that is LOST cannot start again. */
int ddsp_stream_start(ddsp_stream *stream, ddsp_stream_process process, void *user);

/* Setup. Returns when the thread has ended, within two periods or so. What the
 * card still has is cut off: fade out before. */
void ddsp_stream_stop(ddsp_stream *stream);

/* Setup; stops it too. NULL is allowed. */
void ddsp_stream_close(ddsp_stream *stream);

/* Any thread, while it is open. */
void ddsp_stream_read(ddsp_stream *stream, ddsp_stream_stats *out);
void ddsp_stream_describe(const ddsp_stream *stream, ddsp_stream_got *out);

/* Any thread. n frames of the card's format and channels to interleaved stereo
 * (mono: the same on both sides) and back (mono: the mean of both; more channels
 * than two: silent). Full scale is 1; beyond it and NaN are made sane. */
void ddsp_stream_from_card(int format, int channels, const void *card, float *stereo, int n);
void ddsp_stream_to_card(int format, int channels, const float *stereo, void *card, int n);
