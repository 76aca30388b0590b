/* What an instance of an LV2 plug-in costs. Arguments: RATE BLOCK SECONDS URI KEYS [OPTION]...
 *
 * KEYS held keys (0: a tone with vibrato at each audio input). The plug-in is found by lilv in
 * $LV2_PATH. Options: SYMBOL=VALUE sets a control, state=FILE restores a state (Turtle),
 * program=NUMBER is sent before the keys.
 * Prints the seconds of this thread that run() took for SECONDS of sound, and the level of what
 * came out; exits with 4 where the plug-in is not there, with 5 where it cannot be used here.
 */
#include <lilv/lilv.h>
#include <lv2/atom/forge.h>
#include <lv2/buf-size/buf-size.h>
#include <lv2/midi/midi.h>
#include <lv2/options/options.h>
#include <lv2/parameters/parameters.h>
#include <lv2/urid/urid.h>
#include <lv2/worker/worker.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_PORTS = 256, MOST_URIS = 512, ROOM = 65536, MOST_BLOCK = 8192, LOWEST_KEY = 55 };

static char *uris[MOST_URIS];
static float controls[MOST_PORTS], audio[MOST_PORTS][MOST_BLOCK];
static union { LV2_Atom_Sequence sequence; uint8_t bytes[ROOM]; } events[MOST_PORTS];
static int kinds[MOST_PORTS];       /* 'c'ontrol, audio 'i'n and 'o'ut, atom i'n' and o'u't */

static LV2_URID map(LV2_URID_Map_Handle handle, const char *uri)
{
    (void)handle;
    LV2_URID i = 0;
    while (i < MOST_URIS - 1 && uris[i] && strcmp(uris[i], uri) != 0)
        i++;
    if (!uris[i])
        uris[i] = strdup(uri);
    return i + 1;
}

static const char *unmap(LV2_URID_Unmap_Handle handle, LV2_URID urid)
{
    (void)handle;
    return urid > 0 && urid <= MOST_URIS ? uris[urid - 1] : NULL;
}

static LV2_URID_Map urid_map = {NULL, map};
static LV2_URID_Unmap urid_unmap = {NULL, unmap};
static LilvInstance *instance;

static LV2_Worker_Status respond(LV2_Worker_Respond_Handle handle, uint32_t size, const void *data)
{
    const LV2_Worker_Interface *works = handle;
    return works->work_response(lilv_instance_get_handle(instance), size, data);
}

/* Work is done at once: it belongs to the start, which is not timed. */
static LV2_Worker_Status schedule(LV2_Worker_Schedule_Handle handle, uint32_t size,
                                  const void *data)
{
    (void)handle;
    if (!instance)
        return LV2_WORKER_ERR_UNKNOWN;
    const LV2_Worker_Interface *works =
        lilv_instance_get_extension_data(instance, LV2_WORKER__interface);
    return works->work(lilv_instance_get_handle(instance), respond, (void *)works, size, data);
}

static void set_control(const char *symbol, void *user, const void *value, uint32_t size,
                        uint32_t type)
{
    LilvWorld *world = ((void **)user)[0];
    const LilvPlugin *plugin = ((void **)user)[1];
    LilvNode *name = lilv_new_string(world, symbol);
    const LilvPort *port = lilv_plugin_get_port_by_symbol(plugin, name);
    if (port && size == sizeof(float) && type == map(NULL, LV2_ATOM__Float))
        memcpy(&controls[lilv_port_get_index(plugin, port)], value, size);
    lilv_node_free(name);
}

static void look_at_ports(LilvWorld *world, const LilvPlugin *plugin)
{
    LilvNode *is_audio = lilv_new_uri(world, LV2_CORE__AudioPort);
    LilvNode *is_atom = lilv_new_uri(world, LV2_ATOM__AtomPort);
    LilvNode *is_input = lilv_new_uri(world, LV2_CORE__InputPort);
    const uint32_t n = lilv_plugin_get_num_ports(plugin);
    if (n > MOST_PORTS)
        exit(5);
    lilv_plugin_get_port_ranges_float(plugin, NULL, NULL, controls);
    for (uint32_t i = 0; i < n; i++) {
        const LilvPort *port = lilv_plugin_get_port_by_index(plugin, i);
        const int in = lilv_port_is_a(plugin, port, is_input);
        controls[i] = isnan(controls[i]) ? 0.0f : controls[i];
        if (lilv_port_is_a(plugin, port, is_audio))
            kinds[i] = in ? 'i' : 'o';
        else if (lilv_port_is_a(plugin, port, is_atom))
            kinds[i] = in ? 'n' : 'u';
        else
            kinds[i] = 'c';
    }
    lilv_node_free(is_audio);
    lilv_node_free(is_atom);
    lilv_node_free(is_input);
}

static void connect(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        void *at = kinds[i] == 'c' ? (void *)&controls[i]
                   : kinds[i] == 'i' || kinds[i] == 'o' ? (void *)audio[i] : (void *)&events[i];
        lilv_instance_connect_port(instance, i, at);
    }
}

static void write_message(LV2_Atom_Forge *forge, const uint8_t *bytes, uint32_t n)
{
    lv2_atom_forge_frame_time(forge, 0);
    lv2_atom_forge_atom(forge, n, map(NULL, LV2_MIDI__MidiEvent));
    lv2_atom_forge_write(forge, bytes, n);
}

/* The messages of one block: so many note-ons at its beginning, to the first port that takes any. */
static void write_events(uint32_t n_ports, int keys, int program)
{
    int given = 0;
    for (uint32_t i = 0; i < n_ports; i++) {
        LV2_Atom_Forge forge;
        LV2_Atom_Forge_Frame frame;
        if (kinds[i] == 'u')
            events[i].sequence.atom = (LV2_Atom){ROOM - sizeof(LV2_Atom), 0};
        if (kinds[i] != 'n')
            continue;
        lv2_atom_forge_init(&forge, &urid_map);
        lv2_atom_forge_set_buffer(&forge, events[i].bytes, ROOM);
        lv2_atom_forge_sequence_head(&forge, &frame, 0);
        if (!given && keys && program >= 0)
            write_message(&forge, (const uint8_t[]){0xc0, (uint8_t)program}, 2);
        for (int key = 0; !given && key < keys; key++)
            write_message(&forge, (const uint8_t[]){0x90, (uint8_t)(LOWEST_KEY + 2 * key), 100}, 3);
        given = 1;
        lv2_atom_forge_pop(&forge, &frame);
    }
}

int main(int argc, char **argv)
{
    if (argc < 6)
        return 2;
    const double rate = atof(argv[1]), seconds = atof(argv[3]);
    const int32_t block = atoi(argv[2]);
    const int keys = atoi(argv[5]);
    if (rate < 8000.0 || block < 1 || block > MOST_BLOCK || seconds <= 0.0)
        return 2;
    LilvWorld *world = lilv_world_new();
    lilv_world_load_all(world);
    LilvNode *uri = lilv_new_uri(world, argv[4]);
    const LilvPlugin *plugin =
        uri ? lilv_plugins_get_by_uri(lilv_world_get_all_plugins(world), uri) : NULL;
    if (!plugin)
        return 4;
    look_at_ports(world, plugin);
    const float rate_f = (float)rate;
    const LV2_Options_Option options[] = {
        {LV2_OPTIONS_INSTANCE, 0, map(NULL, LV2_BUF_SIZE__maxBlockLength), sizeof(int32_t),
         map(NULL, LV2_ATOM__Int), &block},
        {LV2_OPTIONS_INSTANCE, 0, map(NULL, LV2_BUF_SIZE__minBlockLength), sizeof(int32_t),
         map(NULL, LV2_ATOM__Int), &block},
        {LV2_OPTIONS_INSTANCE, 0, map(NULL, LV2_BUF_SIZE__nominalBlockLength), sizeof(int32_t),
         map(NULL, LV2_ATOM__Int), &block},
        {LV2_OPTIONS_INSTANCE, 0, map(NULL, LV2_PARAMETERS__sampleRate), sizeof(float),
         map(NULL, LV2_ATOM__Float), &rate_f},
        {LV2_OPTIONS_INSTANCE, 0, 0, 0, 0, NULL},
    };
    LV2_Worker_Schedule work = {NULL, schedule};
    const LV2_Feature given[] = {
        {LV2_URID__map, &urid_map},
        {LV2_URID__unmap, &urid_unmap},
        {LV2_WORKER__schedule, &work},
        {LV2_OPTIONS__options, (void *)options},
        {LV2_BUF_SIZE__boundedBlockLength, NULL},
        {LV2_BUF_SIZE__fixedBlockLength, NULL},
    };
    const LV2_Feature *features[] = {&given[0], &given[1], &given[2], &given[3],
                                     &given[4], &given[5], NULL};
    instance = lilv_plugin_instantiate(plugin, rate, features);
    if (!instance)
        return 5;
    int program = -1;
    for (int a = 6; a < argc; a++) {
        char *value = strchr(argv[a], '=');
        if (!value)
            return 2;
        *value++ = 0;
        void *user[] = {world, (void *)plugin};
        if (strcmp(argv[a], "state") == 0) {
            LilvState *state = lilv_state_new_from_file(world, &urid_map, NULL, value);
            if (!state)
                return 2;
            lilv_state_restore(state, instance, set_control, user, 0, features);
            lilv_state_free(state);
        } else if (strcmp(argv[a], "program") == 0) {
            program = atoi(value) & 127;
        } else {
            const float number = (float)atof(value);
            set_control(argv[a], user, &number, sizeof number, map(NULL, LV2_ATOM__Float));
        }
    }
    const uint32_t n = lilv_plugin_get_num_ports(plugin);
    connect(n);
    lilv_instance_activate(instance);
    /* Half a second is played first: past the attacks and what is done once. */
    const long before = lround(0.5 * rate / block), blocks = lround(seconds * rate / block);
    double took_s = 0.0, power = 0.0;
    long samples = 0;
    for (long b = -before; b < blocks; b++) {
        write_events(n, b == -before ? keys : 0, program);
        for (uint32_t i = 0; i < n; i++)
            for (int32_t k = 0; kinds[i] == 'i' && k < block; k++) {
                const double t = (double)((b + before) * block + k) / rate;
                audio[i][k] = (float)(0.1 * sin(1382.3 * t + sin(31.4 * t)));
            }
        struct timespec begun, ended;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begun);
        lilv_instance_run(instance, (uint32_t)block);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ended);
        if (b < 0)
            continue;
        took_s += (double)(ended.tv_sec - begun.tv_sec)
                  + 1e-9 * (double)(ended.tv_nsec - begun.tv_nsec);
        for (uint32_t i = 0; i < n; i++)
            for (int32_t k = 0; kinds[i] == 'o' && k < block; k++, samples++)
                power += (double)audio[i][k] * (double)audio[i][k];
    }
    printf("%.9f %.6f\n", took_s, sqrt(power / (double)(samples ? samples : 1)));
    lilv_instance_deactivate(instance);
    lilv_instance_free(instance);
    lilv_node_free(uri);
    lilv_world_free(world);
    for (int i = 0; i < MOST_URIS && uris[i]; i++)
        free(uris[i]);
    return 0;
}
