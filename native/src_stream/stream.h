/* Between the files of the stream. */
#ifndef DDSP_STREAM_INTERNAL_H
#define DDSP_STREAM_INTERNAL_H

#include <alsa/asoundlib.h>
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

/* Opens and configures one side; exact_period: the playback side's, 0: that asked for.
 * 0; else text says why not. */
int ddsp_side_open(ddsp_side *side, const ddsp_stream_config *config, int capture, char *text,
                   int size);
void ddsp_side_close(ddsp_side *side);

/* Bytes of a sample. */
int ddsp_format_size(int format);

/* Scheduling, affinity and locking; what came of it goes into got. */
void ddsp_schedule_thread(const ddsp_stream_config *config, ddsp_stream_got *got);
void ddsp_lock_memory(const ddsp_stream_config *config, ddsp_stream_got *got);

#endif
