/* Sessions and presets: the paths of the models; the host keeps the ports itself. */
#include <stdlib.h>
#include <string.h>

#include "lv2/plugin.h"

typedef struct {
    LV2_State_Map_Path *map;
    LV2_State_Free_Path *free;
    LV2_Worker_Schedule *schedule;
} features_given;

static features_given find(const LV2_Feature *const *features)
{
    features_given given = {NULL, NULL, NULL};
    for (int i = 0; features && features[i]; i++) {
        if (strcmp(features[i]->URI, LV2_STATE__mapPath) == 0)
            given.map = features[i]->data;
        else if (strcmp(features[i]->URI, LV2_STATE__freePath) == 0)
            given.free = features[i]->data;
        else if (strcmp(features[i]->URI, LV2_WORKER__schedule) == 0)
            given.schedule = features[i]->data;
    }
    return given;
}

static void let_go(const features_given *given, char *path)
{
    if (given->free)
        given->free->free_path(given->free->handle, path);
    else
        free(path);
}

static LV2_State_Status save(LV2_Handle handle, LV2_State_Store_Function store,
                             LV2_State_Handle state, uint32_t flags,
                             const LV2_Feature *const *features)
{
    ddsp_plugin *plugin = handle;
    const features_given given = find(features);
    char paths[MODELS][LONGEST_PATH];
    (void)flags;
    if (!plugin->map)
        return LV2_STATE_ERR_NO_FEATURE;
    pthread_mutex_lock(&plugin->lock);
    memcpy(paths, plugin->paths, sizeof paths);
    pthread_mutex_unlock(&plugin->lock);
    LV2_State_Status status = LV2_STATE_SUCCESS;
    for (int m = 0; m < MODELS && status == LV2_STATE_SUCCESS; m++) {
        if (!paths[m][0])
            continue;
        char *mapped =
            given.map ? given.map->abstract_path(given.map->handle, paths[m]) : NULL;
        const char *path = mapped ? mapped : paths[m];
        /* Where nobody maps it, the path means something on this machine only. */
        const uint32_t portable = mapped ? LV2_STATE_IS_PORTABLE : 0;
        status = store(state, plugin->uris.models[m], path, strlen(path) + 1,
                       plugin->uris.atom_path, LV2_STATE_IS_POD | portable);
        if (mapped)
            let_go(&given, mapped);
    }
    return status;
}

/* A stored path to the machine's; 0 where there is none or it is none. */
static int fetch(ddsp_plugin *plugin, LV2_State_Retrieve_Function retrieve,
                 LV2_State_Handle state, const features_given *given, int m, char *to)
{
    size_t size = 0;
    uint32_t type = 0, flags = 0;
    const char *stored = retrieve(state, plugin->uris.models[m], &size, &type, &flags);
    if (!stored || size < 1 || size > LONGEST_PATH
        || (type != plugin->uris.atom_path && type != plugin->uris.atom_string))
        return 0;
    char own[LONGEST_PATH + 1] = {0};
    memcpy(own, stored, size);
    char *mapped = given->map ? given->map->absolute_path(given->map->handle, own) : NULL;
    const char *path = mapped ? mapped : own;
    const int fits = strlen(path) < LONGEST_PATH;
    if (fits)
        memcpy(to, path, strlen(path) + 1);
    if (mapped)
        let_go(given, mapped);
    return fits;
}

/* The host may call this while run() goes on: a sound is only offered. */
static LV2_State_Status restore(LV2_Handle handle, LV2_State_Retrieve_Function retrieve,
                                LV2_State_Handle state, uint32_t flags,
                                const LV2_Feature *const *features)
{
    ddsp_plugin *plugin = handle;
    const features_given given = find(features);
    ddsp_load load = {.which = 1u << MODEL | 1u << MORPH_MODEL, .keep = 1};
    (void)flags;
    if (!plugin->map)
        return LV2_STATE_ERR_NO_FEATURE;
    if (!fetch(plugin, retrieve, state, &given, MODEL, load.paths[MODEL]))
        return LV2_STATE_SUCCESS; /* nothing of ours was stored */
    fetch(plugin, retrieve, state, &given, MORPH_MODEL, load.paths[MORPH_MODEL]);
    if (given.schedule
        && given.schedule->schedule_work(given.schedule->handle, sizeof load, &load)
               == LV2_WORKER_SUCCESS)
        return LV2_STATE_SUCCESS;
    pthread_mutex_lock(&plugin->lock);
    const int good = ddsp_plugin_load(plugin, &load, 0);
    pthread_mutex_unlock(&plugin->lock);
    return good ? LV2_STATE_SUCCESS : LV2_STATE_ERR_UNKNOWN;
}

const LV2_State_Interface ddsp_state_interface = {save, restore};
