/* Opening a card: the best that it has of what we can use, or a plain word on why not. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream.h"

static const snd_pcm_format_t alsa_formats[DDSP_FORMATS] = {
    SND_PCM_FORMAT_FLOAT_LE, SND_PCM_FORMAT_S32_LE, SND_PCM_FORMAT_S24_3LE,
    SND_PCM_FORMAT_S24_LE, SND_PCM_FORMAT_S16_LE,
};
static const char *const format_names[DDSP_FORMATS] = {"FLOAT", "S32", "S24_3", "S24", "S16"};

/* ALSA's own lines on stderr say less than ours. */
__attribute__((format(printf, 5, 6))) static void quiet(
    const char *file, int line, const char *function, int error, const char *form, ...)
{
    (void)file, (void)line, (void)function, (void)error, (void)form;
}

static int open_text(char *text, int size, const char *name, const char *use, int error)
{
    const char *why = snd_strerror(error);
    switch (error) {
    case -EBUSY: why = "is busy: another program has it"; break;
    case -ENOENT: why = "is no PCM that ALSA knows (ddsp-edge devices lists them)"; break;
    case -ENODEV:
    case -ENXIO: why = "is not there (ddsp-edge devices lists what is)"; break;
    case -EACCES:
    case -EPERM: why = "may not be opened: the user must be in the group audio"; break;
    case -EINVAL: why = "is there, but not for this use"; break;
    }
    snprintf(text, (size_t)size, "%s %s", name, why);
    const size_t used = strlen(text);
    if (used < (size_t)size)
        snprintf(text + used, (size_t)size - used, " (%s)", use);
    return error;
}

static int set_format(ddsp_side *side, snd_pcm_hw_params_t *hw, int wanted)
{
    for (int f = 0; f < DDSP_FORMATS; f++) {
        if ((wanted < 0 || wanted == f)
            && snd_pcm_hw_params_set_format(side->pcm, hw, alsa_formats[f]) == 0) {
            side->format = f;
            return 0;
        }
    }
    return -EINVAL;
}

/* Which of our formats it has, and which others, as words. */
static void list_formats(ddsp_side *side, snd_pcm_hw_params_t *hw, char *list, size_t size)
{
    list[0] = '\0';
    for (int f = 0; f <= SND_PCM_FORMAT_LAST; f++) {
        const size_t used = strlen(list);
        if (snd_pcm_hw_params_test_format(side->pcm, hw, (snd_pcm_format_t)f) == 0)
            snprintf(list + used, size - used, " %s", snd_pcm_format_name((snd_pcm_format_t)f));
    }
}

/* Two if it can, else the least above two, else one. */
static int set_channels(ddsp_side *side, snd_pcm_hw_params_t *hw)
{
    unsigned channels = 2;
    if (snd_pcm_hw_params_test_channels(side->pcm, hw, 2) != 0) {
        unsigned most = 0;
        if (snd_pcm_hw_params_get_channels_max(hw, &most) != 0)
            return -EINVAL;
        channels = most < 2 ? 1 : 3;
    }
    if (snd_pcm_hw_params_set_channels_near(side->pcm, hw, &channels) != 0)
        return -EINVAL;
    side->channels = (int)channels;
    return 0;
}

static int configure_hw(ddsp_side *side, const ddsp_stream_config *config, const char *name,
                        const char *use, char *text, int size)
{
    snd_pcm_hw_params_t *hw;
    snd_pcm_hw_params_alloca(&hw);
    int error = snd_pcm_hw_params_any(side->pcm, hw);
    if (error < 0)
        return open_text(text, size, name, use, error);
    if ((error = snd_pcm_hw_params_set_access(side->pcm, hw, SND_PCM_ACCESS_RW_INTERLEAVED)) < 0) {
        snprintf(text, (size_t)size, "%s has no interleaved samples (%s): take plug%s", name, use,
                 name);
        return error;
    }
    if ((error = set_format(side, hw, config->format)) < 0) {
        char list[200];
        list_formats(side, hw, list, sizeof list);
        snprintf(text, (size_t)size, "%s cannot %s in %s; it can:%s", name, use,
                 config->format < 0 ? "a format we know" : format_names[config->format], list);
        return error;
    }
    if ((error = set_channels(side, hw)) < 0) {
        snprintf(text, (size_t)size, "%s has no channels to %s", name, use);
        return error;
    }
    unsigned rate = (unsigned)config->rate;
    if ((error = snd_pcm_hw_params_set_rate(side->pcm, hw, rate, 0)) < 0) {
        unsigned low = 0, high = 0, near = rate;
        snd_pcm_hw_params_get_rate_min(hw, &low, NULL);
        snd_pcm_hw_params_get_rate_max(hw, &high, NULL);
        snd_pcm_hw_params_set_rate_near(side->pcm, hw, &near, NULL);
        snprintf(text, (size_t)size, "%s cannot %s at %d Hz; it can %u to %u Hz, nearest %u", name,
                 use, config->rate, low, high, near);
        return error;
    }
    side->period = (snd_pcm_uframes_t)config->period;
    side->buffer = side->period * (snd_pcm_uframes_t)config->periods;
    if ((error = snd_pcm_hw_params_set_period_size_near(side->pcm, hw, &side->period, NULL)) < 0
        || (side->buffer = side->period * (snd_pcm_uframes_t)config->periods,
            error = snd_pcm_hw_params_set_buffer_size_near(side->pcm, hw, &side->buffer)) < 0
        || (error = snd_pcm_hw_params(side->pcm, hw)) < 0) {
        snprintf(text, (size_t)size, "%s cannot %s with %d periods of %d samples", name, use,
                 config->periods, config->period);
        return error;
    }
    snd_pcm_hw_params_get_period_size(hw, &side->period, NULL);
    snd_pcm_hw_params_get_buffer_size(hw, &side->buffer);
    return 0;
}

/* Wakes when a period is there; starts when told, stops when it runs out. */
static int configure_sw(ddsp_side *side)
{
    snd_pcm_sw_params_t *sw;
    snd_pcm_sw_params_alloca(&sw);
    snd_pcm_uframes_t boundary = 0;
    int error = snd_pcm_sw_params_current(side->pcm, sw);
    if (error < 0 || (error = snd_pcm_sw_params_get_boundary(sw, &boundary)) < 0
        || (error = snd_pcm_sw_params_set_start_threshold(side->pcm, sw, boundary)) < 0
        || (error = snd_pcm_sw_params_set_stop_threshold(side->pcm, sw, side->buffer)) < 0
        || (error = snd_pcm_sw_params_set_avail_min(side->pcm, sw, side->period)) < 0)
        return error;
    return snd_pcm_sw_params(side->pcm, sw);
}

static int prepare(ddsp_side *side, const ddsp_stream_config *config, const char *name,
                   const char *use, char *text, int size)
{
    int error = configure_hw(side, config, name, use, text, size);
    if (error < 0)
        return error;
    if ((error = configure_sw(side)) < 0)
        return open_text(text, size, name, use, error);
    side->n_polls = snd_pcm_poll_descriptors_count(side->pcm);
    side->polls = calloc((size_t)(side->n_polls > 0 ? side->n_polls : 0) + 1, sizeof *side->polls);
    side->samples = calloc(side->period, (size_t)(ddsp_format_size(side->format) * side->channels));
    if (side->n_polls < 1 || !side->polls || !side->samples)
        return open_text(text, size, name, use, -ENOMEM);
    error = snd_pcm_poll_descriptors(side->pcm, side->polls, (unsigned)side->n_polls);
    return error < 0 ? open_text(text, size, name, use, error) : 0;
}

int ddsp_side_open(ddsp_side *side, const ddsp_stream_config *config, int capture, char *text,
                   int size)
{
    const char *name = capture ? config->capture : config->playback;
    const char *use = capture ? "record" : "play";
    snd_lib_error_set_handler(quiet);
    int error = snd_pcm_open(&side->pcm, name,
                             capture ? SND_PCM_STREAM_CAPTURE : SND_PCM_STREAM_PLAYBACK,
                             SND_PCM_NONBLOCK);
    if (error < 0)
        open_text(text, size, name, use, error);
    else
        error = prepare(side, config, name, use, text, size);
    snd_lib_error_set_handler(NULL);
    if (error < 0)
        ddsp_side_close(side);
    return error;
}

void ddsp_side_close(ddsp_side *side)
{
    if (side->pcm)
        snd_pcm_close(side->pcm);
    free(side->polls);
    free(side->samples);
    memset(side, 0, sizeof *side);
}
