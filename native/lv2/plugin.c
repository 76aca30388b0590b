/* The two plug-ins. */
#include "lv2/plugin.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef DDSP_LV2_DEFAULT_MODEL
#define DDSP_LV2_DEFAULT_MODEL "models/violin.ddspw"
#endif

/* ---- life ---- */

static int listens(const LV2_Descriptor *descriptor)
{
    return strcmp(descriptor->URI, DDSP_URI "effect") == 0;
}

static void take_features(ddsp_plugin *plugin, const LV2_Feature *const *features)
{
    for (int i = 0; features && features[i]; i++) {
        if (strcmp(features[i]->URI, LV2_URID__map) == 0)
            plugin->map = features[i]->data;
        else if (strcmp(features[i]->URI, LV2_LOG__log) == 0)
            plugin->log = features[i]->data;
        else if (strcmp(features[i]->URI, LV2_WORKER__schedule) == 0)
            plugin->schedule = features[i]->data;
    }
    if (!plugin->map) {
        plugin->log = NULL;         /* its numbers are URIDs too */
        return;
    }
    ddsp_uris_map(&plugin->uris, plugin->map);
    plugin->log_error = plugin->map->map(plugin->map->handle, LV2_LOG__Error);
    lv2_atom_forge_init(&plugin->forge, plugin->map);
}

/* The model in the plug-in's own folder. */
static void load_first(ddsp_plugin *plugin, const char *folder)
{
    ddsp_load load = {.which = 1u << MODEL};
    const size_t length = strlen(folder);
    const char *slash = length && folder[length - 1] == '/' ? "" : "/";
    const int n = snprintf(load.paths[MODEL], LONGEST_PATH, "%s%s%s", folder, slash,
                           DDSP_LV2_DEFAULT_MODEL);
    if (n > 0 && n < LONGEST_PATH)
        ddsp_plugin_load(plugin, &load, 0);
}

static void cleanup(LV2_Handle handle)
{
    ddsp_plugin *plugin = handle;
    ddsp_engine_free(&plugin->engine);
    for (int m = 0; m < MODELS; m++)
        ddsp_shared_model_drop(plugin->models[m]);
    pthread_mutex_destroy(&plugin->lock);
    free(plugin);
}

static LV2_Handle instantiate(const LV2_Descriptor *descriptor, double rate, const char *folder,
                              const LV2_Feature *const *features)
{
    static atomic_uint made;
    ddsp_plugin *plugin = calloc(1, sizeof *plugin);
    if (!plugin)
        return NULL;
    take_features(plugin, features);
    pthread_mutex_init(&plugin->lock, NULL);
    /* Each instance has its own noise, so that those of two do not add up as one. */
    plugin->seed = atomic_fetch_add(&made, 1u) + 1u;
    plugin->fresh = plugin->tells = 1;
    plugin->transport = (ddsp_transport){.beats_per_bar = 4.0, .beat_unit = 4.0};
    if (!ddsp_engine_init(&plugin->engine, rate, listens(descriptor))) {
        pthread_mutex_destroy(&plugin->lock);
        free(plugin);
        return NULL;
    }
    load_first(plugin, folder ? folder : "");
    return plugin;
}

/* As new, but for the models; those that could not be given to a worker are loaded now. */
static void activate(LV2_Handle handle)
{
    ddsp_plugin *plugin = handle;
    pthread_mutex_lock(&plugin->lock);
    if (!plugin->fresh || plugin->wanted.which) {
        if (ddsp_engine_reset(&plugin->engine))
            ddsp_plugin_load(plugin, &plugin->wanted, 1);
        plugin->wanted.which = 0;
        plugin->collects = 0;
        plugin->fresh = plugin->tells = 1;
    }
    pthread_mutex_unlock(&plugin->lock);
}

static void connect_port(LV2_Handle handle, uint32_t port, void *data)
{
    ddsp_plugin *plugin = handle;
    const int listening = plugin->engine.listens;
    static const int of_instrument[] = {PORT_CONTROL, PORT_NOTIFY,  PORT_LEFT,
                                        PORT_RIGHT,   PORT_ENABLED, PORT_LATENCY};
    const uint32_t fixed = listening ? FIXED_PORTS : sizeof of_instrument / sizeof *of_instrument;
    const uint32_t behind = fixed + (uint32_t)ddsp_settings_ports(listening);
    if (port < fixed)
        plugin->ports[listening ? (int)port : of_instrument[port]] = data;
    else if (port < behind)
        plugin->settings[port - fixed] = data;
    else if (port - behind < METERS)
        plugin->meters[port - behind] = data;
}

/* ---- run ---- */

static int is_on(const float *port, int otherwise)
{
    return port ? *port > 0.0f : otherwise;
}

static void take_controls(ddsp_plugin *plugin)
{
    ddsp_engine *engine = &plugin->engine;
    int changed = 0;
    for (int p = 0; p < ddsp_settings_ports(engine->listens); p++)
        if (plugin->settings[p])
            changed |= ddsp_settings_take(&engine->settings, ddsp_settings_at(engine->listens, p),
                                          *plugin->settings[p]);
    if (changed)
        ddsp_engine_apply(engine);
    ddsp_engine_bypass(engine, !is_on(plugin->ports[PORT_ENABLED], 1));
    ddsp_engine_freeze(engine, is_on(plugin->ports[PORT_FREEZE], 0));
}

/* Gives the worker what is to be loaded or collected; what it does not take is tried again. */
static void ask_worker(ddsp_plugin *plugin, int garbage)
{
    const LV2_Worker_Schedule *worker = plugin->schedule;
    if (!worker || (!plugin->wanted.which && (!garbage || plugin->collects)))
        return;
    const ddsp_load load = plugin->wanted;
    if (load.which)
        plugin->wanted.which = 0;
    plugin->collects = 1;
    if (worker->schedule_work(worker->handle, sizeof load, &load) != LV2_WORKER_SUCCESS) {
        plugin->wanted.which = load.which;
        plugin->collects = 0;
    }
}

/* Beats of the host's unit become quarter notes. */
static void follow(ddsp_plugin *plugin)
{
    const ddsp_transport *t = &plugin->transport;
    const double quarters = 4.0 / t->beat_unit, bar = t->beats_per_bar * quarters;
    const double rolls = t->speed > 0.0 ? t->speed : 0.0;
    ddsp_engine_follow(&plugin->engine, rolls * t->beats_per_minute / 60.0 * quarters,
                       t->bar * bar + t->bar_beat * quarters, bar, t->bar * bar);
}

static void take_message(ddsp_plugin *plugin, const ddsp_message *message)
{
    char path[LONGEST_PATH];
    if (message->type == plugin->uris.midi_event) {
        ddsp_engine_midi(&plugin->engine, message->body,
                         message->size < 3 ? (int)message->size : 3);
        return;
    }
    const int m = ddsp_message_set(message, &plugin->uris, path);
    if (m >= 0) {
        memcpy(plugin->wanted.paths[m], path, sizeof path);
        plugin->wanted.which |= 1u << m;
    }
    plugin->tells |= ddsp_message_get(message, &plugin->uris);
    if (ddsp_message_position(message, &plugin->uris, &plugin->transport))
        follow(plugin);
}

/* The block up to a frame. */
static void play(ddsp_plugin *plugin, uint32_t from, uint32_t to)
{
    const float *in = plugin->ports[PORT_IN];
    float *left = plugin->ports[PORT_LEFT], *right = plugin->ports[PORT_RIGHT];
    ddsp_engine_process(&plugin->engine, in ? in + from : NULL, left ? left + from : NULL,
                        right ? right + from : NULL, (int)(to - from));
}

static void run_messages(ddsp_plugin *plugin, uint32_t n)
{
    uint32_t done = 0;
    ddsp_message message;
    ddsp_message_cursor cursor = {NULL, NULL};
    if (plugin->map)
        cursor = ddsp_messages_of(plugin->ports[PORT_CONTROL], &plugin->uris);
    while (ddsp_messages_next(&cursor, done, n, &message)) {
        /* More at once than a part's ring has room for: a sample later, then. */
        if (ddsp_engine_full(&plugin->engine) && message.frame == done && done < n)
            message.frame++;
        if (message.frame > done) {
            play(plugin, done, message.frame);
            done = message.frame;
        }
        take_message(plugin, &message);
    }
    play(plugin, done, n);
}

static void tell_meters(ddsp_plugin *plugin)
{
    float values[METERS];
    ddsp_engine_point(&plugin->engine, &values[METER_PITCH], &values[METER_LOUDNESS]);
    for (int m = 0; m < METERS; m++)
        if (plugin->meters[m])
            *plugin->meters[m] = values[m];
}

static void run(LV2_Handle handle, uint32_t n)
{
    ddsp_plugin *plugin = handle;
    ddsp_engine *engine = &plugin->engine;
    plugin->fresh = 0;
    if (n > 0) {
        plugin->tells |= ddsp_engine_begin(engine);
        take_controls(plugin);
    }
    run_messages(plugin, n);
    ask_worker(plugin, ddsp_engine_end(engine));
    float *latency = plugin->ports[PORT_LATENCY];
    if (latency)
        *latency = 0.0f;
    tell_meters(plugin);
    const ddsp_sound *sound = ddsp_engine_current(engine);
    LV2_Atom_Sequence *notify = plugin->ports[PORT_NOTIFY];
    if (plugin->map && notify) {
        ddsp_messages_tell(notify, &plugin->uris, &plugin->forge,
                           plugin->tells && sound ? sound->paths : NULL);
        plugin->tells = 0;
    }
}

/* ---- descriptors ---- */

static const void *extension_data(const char *uri)
{
    if (strcmp(uri, LV2_STATE__interface) == 0)
        return &ddsp_state_interface;
    return strcmp(uri, LV2_WORKER__interface) == 0 ? &ddsp_worker_interface : NULL;
}

static const LV2_Descriptor plugins[2] = {
    {DDSP_URI "effect", instantiate, connect_port, activate, run, NULL, cleanup, extension_data},
    {DDSP_URI "instrument", instantiate, connect_port, activate, run, NULL, cleanup,
     extension_data},
};

LV2_SYMBOL_EXPORT const LV2_Descriptor *lv2_descriptor(uint32_t index)
{
    return index < 2 ? &plugins[index] : NULL;
}
