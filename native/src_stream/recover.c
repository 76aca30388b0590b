/* Getting going, again: after an xrun, a silent card or a night's sleep. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "stream.h"

enum {
    RETRY_MS = 20,
    MOST_FAILURES = 100,    /* restarts or silent seconds in a row, until it is lost */
    MOST_SILENCES = 5
};

int ddsp_stream_restart(ddsp_stream *stream)
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
        if ((error = ddsp_stream_move_period(stream, play, 1)) != 0)
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
            return DDSP_STOPPED;
    }
    return error;
}

static int is_gone(int error)
{
    return error == -ENODEV || error == -ESHUTDOWN || error == -ENXIO || error == -EBADF;
}

int ddsp_stream_recover(ddsp_stream *stream, int error)
{
    if (error == -EPIPE) {
        COUNT(stream->xruns);
    } else if (error == -ESTRPIPE) {
        COUNT(stream->suspends);
        if (resume(stream) == DDSP_STOPPED)
            return DDSP_STOPPED;
    } else if (error == -ETIMEDOUT) {
        COUNT(stream->silences);
        if (++stream->silent >= MOST_SILENCES)
            return error;
    }
    while (!is_gone(error)) {
        const int result = ddsp_stream_restart(stream);
        if (result == DDSP_STOPPED)
            return DDSP_STOPPED;
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
            return DDSP_STOPPED;
    }
    return error;
}
