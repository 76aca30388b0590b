#define _POSIX_C_SOURCE 200809L /* O_CLOEXEC, O_NONBLOCK */
#include "lv2/sound.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_BYTES = 16 * 1024 * 1024 };

/* Reads all of size bytes, or what there is; -1 with errno. */
static ssize_t read_all(int file, uint8_t *bytes, size_t size)
{
    size_t n = 0;
    while (n < size) {
        const ssize_t some = read(file, bytes + n, size - n);
        if (some < 0 && errno == EINTR)
            continue;
        if (some < 0)
            return -1;
        if (some == 0)
            break;
        n += (size_t)some;
    }
    return (ssize_t)n;
}

/* The file's bytes, or NULL with errno. A pipe neither keeps the worker for ever nor is read: it
 * has no length. (stat() has no version that both an old and a new C library know.) */
static uint8_t *read_file(const char *path, size_t *n)
{
    const int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return NULL;
    uint8_t *bytes = NULL;
    ssize_t got = -1;
    const off_t size = lseek(file, 0, SEEK_END);
    if (size < 0 || lseek(file, 0, SEEK_SET) < 0) {
        errno = EINVAL;
    } else if (read(file, &(char){0}, 0) < 0) {
        /* errno says what it is, for instance a folder. */
    } else if (size > MOST_BYTES) {
        errno = EFBIG;
    } else if ((bytes = malloc((size_t)size + 1)) != NULL) {
        got = read_all(file, bytes, (size_t)size + 1);
    }
    const int why = errno;
    close(file);
    if (got < 0) {
        free(bytes);
        errno = why;
        return NULL;
    }
    *n = (size_t)got;
    return bytes;
}

ddsp_shared_model *ddsp_shared_model_read(const char *path, const char **problem)
{
    size_t n = 0;
    int why = DDSP_MODEL_MEMORY;
    uint8_t *bytes = read_file(path, &n);
    if (!bytes) {
        *problem = strerror(errno);
        return NULL;
    }
    ddsp_shared_model *shared = calloc(1, sizeof *shared);
    if (shared)
        shared->model = ddsp_model_read(bytes, n, &why);
    free(bytes);
    if (shared && shared->model) {
        shared->users = 1;
        return shared;
    }
    free(shared);
    *problem = ddsp_model_problem(why);
    return NULL;
}

void ddsp_shared_model_drop(ddsp_shared_model *model)
{
    if (!model || --model->users > 0)
        return;
    ddsp_model_free(model->model);
    free(model);
}

/* Each kind of player has a loudness map of its own. */
static ddsp_conditioned_model first_of(const ddsp_model_info *info, int listens)
{
    ddsp_conditioned_model model = info->conditioned;
    model.loudness_map = listens ? info->heard_map : info->note_map;
    return model;
}

static ddsp_conditioned_model second_of(const ddsp_model_info *first, const ddsp_model_info *other,
                                        int listens)
{
    ddsp_conditioned_model model = first_of(other, listens);
    /* Played by MIDI, loudness is the first model's touch: the other one is shown its own. */
    if (!listens)
        model.offset_db = other->max_loudness_db - first->max_loudness_db;
    return model;
}

static int prepare(ddsp_sound *sound, double sample_rate, int listens, uint32_t seed)
{
    const ddsp_conditioning plain = {.unpitched = 1.0f};
    const ddsp_model_info *first = ddsp_model_get_info(sound->models[MODEL]->model);
    const int voices = listens ? 1 : DDSP_MAX_VOICES;
    const ddsp_conditioned_model model = first_of(first, listens);
    ddsp_conditioned_model second;
    if (sound->models[MORPH_MODEL])
        second = second_of(first, ddsp_model_get_info(sound->models[MORPH_MODEL]->model), listens);
    sound->conditioner = ddsp_conditioner_new();
    sound->part = ddsp_part_new();
    if (!sound->conditioner || !sound->part)
        return DDSP_NO_MEMORY;
    int status = ddsp_conditioner_prepare(sound->conditioner, voices, &model,
                                          sound->models[MORPH_MODEL] ? &second : NULL, plain);
    if (status != DDSP_OK)
        return status;
    const ddsp_conditioner_sizes sizes = ddsp_conditioner_get_sizes(sound->conditioner);
    sound->hop_s = sizes.hop_s;
    status = ddsp_part_prepare(sound->part, sample_rate, BLOCK, voices, sizes.n_harmonics,
                               sizes.n_noise, sizes.band_limit_hz, sizes.hop_s, listens, seed);
    if (status == DDSP_OK && sizes.n_second)
        status = ddsp_part_prepare_second(sound->part, sizes.n_second, sizes.second_limit_hz);
    if (status == DDSP_OK)
        status = ddsp_part_set_loudness(sound->part, first->min_loudness_db,
                                        first->max_loudness_db);
    if (status == DDSP_OK && first->response)
        status = ddsp_part_set_response(sound->part, first->response, first->n_response,
                                        first->response_hz);
    return status == DDSP_OK ? ddsp_part_set_conditioner(sound->part, sound->conditioner) : status;
}

ddsp_sound *ddsp_sound_new(ddsp_shared_model *first, ddsp_shared_model *other, double sample_rate,
                           int listens, uint32_t seed)
{
    ddsp_sound *sound = calloc(1, sizeof *sound);
    if (!sound)
        return NULL;
    sound->models[MODEL] = first;
    sound->models[MORPH_MODEL] = other;
    sound->seed = seed;
    for (int m = 0; m < MODELS; m++)
        if (sound->models[m])
            sound->models[m]->users++;
    if (prepare(sound, sample_rate, listens, seed) == DDSP_OK)
        return sound;
    ddsp_sound_free(sound);
    return NULL;
}

void ddsp_sound_free(ddsp_sound *sound)
{
    if (!sound)
        return;
    ddsp_part_free(sound->part);
    ddsp_conditioner_free(sound->conditioner);
    for (int m = 0; m < MODELS; m++)
        ddsp_shared_model_drop(sound->models[m]);
    free(sound);
}

void ddsp_sound_push(_Atomic(ddsp_sound *) *list, ddsp_sound *sound)
{
    sound->next = atomic_load_explicit(list, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(list, &sound->next, sound, memory_order_release,
                                                  memory_order_relaxed)) {
    }
}
