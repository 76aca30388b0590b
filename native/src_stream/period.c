/* How periods pass between the card and the audio thread. */
#include <errno.h>
#include <poll.h>

#include "stream.h"

enum {
    WAIT_MS = 1000,         /* then something is wrong */
    MOST_IDLE_WAKES = 64    /* wake-ups for nothing, until it sleeps a little */
};

/* Waits for the card or for ddsp_stream_stop. */
static int wait_events(ddsp_stream *stream, ddsp_side *side)
{
    unsigned short events = 0;
    const int ready = poll(side->polls, (nfds_t)side->n_polls + 1, WAIT_MS);
    if (LOAD(stream->stop))
        return DDSP_STOPPED;
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

int ddsp_stream_wait_period(ddsp_stream *stream, ddsp_side *side)
{
    for (int wakes = 0;; wakes++) {
        const snd_pcm_sframes_t there = snd_pcm_avail_update(side->pcm);
        if (LOAD(stream->stop))
            return DDSP_STOPPED;
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

int ddsp_stream_move_period(ddsp_stream *stream, ddsp_side *side, int write)
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
