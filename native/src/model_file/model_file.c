/* A model's file: a header of 32 bytes, then sections. Unknown sections are passed over unless
 * their flag says that they must be understood; a known one may be longer than what is known of
 * it. */
#include <math.h>
#include <stdlib.h>

#include "ddsp_kernel.h"
#include "model_file/crc32.h"
#include "model_file/expression_section.h"
#include "model_file/map_section.h"
#include "model_file/network_section.h"
#include "model_file/response_section.h"

enum { VERSION = 1, HEADER = 32, MOST_SECTIONS = 64, MUST_KNOW = 1 };
/* Four letters, the first one in the lowest byte. */
#define TAG(a, b, c, d) \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

struct ddsp_model {
    ddsp_model_info info;
    ddsp_network *network;
    ddsp_loudness_map *maps[2];
    ddsp_expression expression;
    float *response;
};

/* The sections that are known, and where they lie. */
enum { INFO, NETWORK, NAME, LICENCE, ROOM, NOTE_MAP, HEARD_MAP, EXPRESSION, RESPONSE,
       SECTIONS };
static const uint32_t tags[SECTIONS] = {
    [INFO] = TAG('I', 'N', 'F', 'O'), [NETWORK] = TAG('N', 'E', 'T', 'W'),
    [NAME] = TAG('N', 'A', 'M', 'E'), [LICENCE] = TAG('L', 'I', 'C', 'E'),
    [ROOM] = TAG('R', 'O', 'O', 'M'), [NOTE_MAP] = TAG('N', 'M', 'A', 'P'),
    [HEARD_MAP] = TAG('H', 'M', 'A', 'P'), [EXPRESSION] = TAG('E', 'X', 'P', 'R'),
    [RESPONSE] = TAG('R', 'E', 'S', 'P'),
};

typedef struct {
    ddsp_cursor body;
    int there;
} section;

/* ---- the whole file ---- */

static int read_header(ddsp_cursor *file, uint32_t *n_sections)
{
    const size_t length = file->left;
    const uint8_t *magic = ddsp_cursor_take(file, 8);
    if (!magic || memcmp(magic, "DDSPEDGE", 8) != 0)
        return DDSP_MODEL_FOREIGN;
    const uint32_t version = ddsp_cursor_u32(file);
    *n_sections = ddsp_cursor_u32(file);
    const uint64_t said_length = ddsp_cursor_u64(file);
    const uint32_t checksum = ddsp_cursor_u32(file);
    ddsp_cursor_u32(file);
    if (file->ran_out)
        return DDSP_MODEL_LENGTH;
    if (version != VERSION)
        return DDSP_MODEL_NEWER;
    if (said_length != length || *n_sections > MOST_SECTIONS)
        return DDSP_MODEL_LENGTH;
    return ddsp_crc32(file->at, file->left) == checksum ? DDSP_MODEL_GOOD : DDSP_MODEL_CHECKSUM;
}

static int find_sections(ddsp_cursor *file, uint32_t n, section *found)
{
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t tag = ddsp_cursor_u32(file), flags = ddsp_cursor_u32(file);
        const uint32_t length = ddsp_cursor_u32(file);
        ddsp_cursor_u32(file);
        const uint8_t *body = ddsp_cursor_take(file, length);
        ddsp_cursor_take(file, (8 - length % 8) % 8);
        if (file->ran_out)
            return DDSP_MODEL_LENGTH;
        int which = 0;
        while (which < SECTIONS && tags[which] != tag)
            which++;
        if (which == SECTIONS) {
            if (flags & MUST_KNOW)
                return DDSP_MODEL_NEWER;
            continue;
        }
        if (found[which].there)
            return DDSP_MODEL_INCOMPLETE;
        found[which] = (section){{body, length, 0}, 1};
    }
    return file->left == 0 ? DDSP_MODEL_GOOD : DDSP_MODEL_LENGTH;
}

/* ---- sections ---- */

static int within(double x, double low, double high)
{
    return x >= low && x <= high; /* not NaN */
}

static int read_info(ddsp_cursor *from, ddsp_model_info *info)
{
    ddsp_conditioned_model *model = &info->conditioned;
    const double n_harmonics = ddsp_cursor_f64(from), n_noise = ddsp_cursor_f64(from);
    model->band_limit_hz = ddsp_cursor_f64(from);
    model->hop_s = ddsp_cursor_f64(from);
    model->usual_hz = ddsp_cursor_f64(from);
    model->lowest_hz = ddsp_cursor_f64(from);
    model->highest_hz = ddsp_cursor_f64(from);
    info->min_loudness_db = ddsp_cursor_f64(from);
    info->max_loudness_db = ddsp_cursor_f64(from);
    info->attack_s = ddsp_cursor_f64(from);
    model->reach = ddsp_cursor_f64(from);
    if (from->ran_out)
        return DDSP_MODEL_LENGTH;
    if (!within(n_harmonics, 1, DDSP_MAX_HARMONICS) || !within(n_noise, 2, DDSP_MAX_NOISE_BANDS)
        || !within(model->band_limit_hz, 1e3, 384e3) || !within(model->hop_s, 0.001, 0.1)
        || !within(model->usual_hz, 1.0, 1e5) || !within(model->lowest_hz, 0.0, 1e6)
        || !within(model->highest_hz, model->lowest_hz, 1e6)
        || !within(info->min_loudness_db, -300.0, 100.0)
        || !within(info->max_loudness_db, info->min_loudness_db, 100.0)
        || !within(info->attack_s, 0.0, 5.0) || !within(model->reach, 0.0, 24.0))
        return DDSP_MODEL_VALUES;
    model->n_harmonics = (int)n_harmonics;
    model->n_noise = (int)n_noise;
    return DDSP_MODEL_GOOD;
}

static int read_room(ddsp_cursor *from, ddsp_model_info *info)
{
    info->room_size = ddsp_cursor_f64(from);
    info->room_damping = ddsp_cursor_f64(from);
    info->room_wet = ddsp_cursor_f64(from);
    if (from->ran_out)
        return DDSP_MODEL_LENGTH;
    info->has_room = 1;
    return within(info->room_size, 0.0, 1.0) && within(info->room_damping, 0.0, 1.0)
                   && within(info->room_wet, 0.0, 1.0)
               ? DDSP_MODEL_GOOD : DDSP_MODEL_VALUES;
}

/* A text that fits, without control characters; `to` is zeroed. */
static int read_text(const ddsp_cursor *from, char *to, size_t size)
{
    if (from->left >= size)
        return DDSP_MODEL_LENGTH;
    for (size_t i = 0; i < from->left; i++)
        if (from->at[i] < 32 || from->at[i] == 127)
            return DDSP_MODEL_VALUES;
    if (from->left)
        memcpy(to, from->at, from->left);
    return DDSP_MODEL_GOOD;
}

static int read_maps(ddsp_model *model, section *found)
{
    int problem = DDSP_MODEL_GOOD;
    for (int i = 0; i < 2 && !problem; i++)
        if (found[NOTE_MAP + i].there)
            problem = ddsp_map_section_read(&found[NOTE_MAP + i].body, &model->maps[i]);
    model->info.note_map = model->maps[0];
    model->info.heard_map = model->maps[1];
    return problem;
}

static int read_expression(ddsp_model *model, ddsp_cursor *from)
{
    model->info.expression = &model->expression;
    return ddsp_expression_section_read(from, &model->expression);
}

static int read_network(ddsp_model *model, ddsp_cursor *from)
{
    int n_harmonics = 0, n_noise = 0;
    model->network = ddsp_network_new();
    if (!model->network)
        return DDSP_MODEL_MEMORY;
    const int problem = ddsp_network_section_read(from, model->network, &n_harmonics, &n_noise);
    if (problem != DDSP_MODEL_GOOD)
        return problem;
    model->info.conditioned.network = model->network;
    return n_harmonics == model->info.conditioned.n_harmonics
                   && n_noise == model->info.conditioned.n_noise
               ? DDSP_MODEL_GOOD : DDSP_MODEL_VALUES;
}

static int read_sections(ddsp_model *model, section *found)
{
    ddsp_model_info *info = &model->info;
    int problem = found[INFO].there && found[NETWORK].there && found[NAME].there
                      ? DDSP_MODEL_GOOD : DDSP_MODEL_INCOMPLETE;
    if (!problem)
        problem = read_info(&found[INFO].body, info);
    if (!problem)
        problem = read_text(&found[NAME].body, info->name, sizeof info->name);
    if (!problem)
        problem = read_text(&found[LICENCE].body, info->licence, sizeof info->licence);
    if (!problem && found[ROOM].there)
        problem = read_room(&found[ROOM].body, info);
    if (!problem)
        problem = read_maps(model, found);
    if (!problem && found[EXPRESSION].there)
        problem = read_expression(model, &found[EXPRESSION].body);
    if (!problem && found[RESPONSE].there)
        problem = ddsp_response_section_read(&found[RESPONSE].body, info, &model->response);
    return problem ? problem : read_network(model, &found[NETWORK].body);
}

/* ---- API ---- */

ddsp_model *ddsp_model_read(const uint8_t *bytes, size_t n, int *problem)
{
    ddsp_cursor file = {bytes, n, 0};
    section found[SECTIONS] = {0};
    uint32_t n_sections = 0;
    *problem = read_header(&file, &n_sections);
    if (!*problem)
        *problem = find_sections(&file, n_sections, found);
    if (*problem)
        return NULL;
    ddsp_model *model = calloc(1, sizeof *model);
    *problem = model ? read_sections(model, found) : DDSP_MODEL_MEMORY;
    if (*problem) {
        ddsp_model_free(model);
        return NULL;
    }
    return model;
}

const char *ddsp_model_problem(int problem)
{
    static const char *const said[DDSP_MODEL_PROBLEMS] = {
        [DDSP_MODEL_GOOD] = "nothing is wrong",
        [DDSP_MODEL_FOREIGN] = "it is no model for the plug-in (ddsp-edge models export-lv2 writes "
                               "one)",
        [DDSP_MODEL_NEWER] = "it was written for a newer version of the plug-in",
        [DDSP_MODEL_LENGTH] = "it is cut off or has something behind its end",
        [DDSP_MODEL_CHECKSUM] = "its checksum is wrong: it was damaged on its way",
        [DDSP_MODEL_INCOMPLETE] = "a part of it is missing or there twice",
        [DDSP_MODEL_VALUES] = "its numbers are out of range or do not fit each other",
        [DDSP_MODEL_MEMORY] = "there is no memory for it",
    };
    return problem >= 0 && problem < DDSP_MODEL_PROBLEMS ? said[problem] : "unknown";
}

const ddsp_model_info *ddsp_model_get_info(const ddsp_model *model)
{
    return &model->info;
}

void ddsp_model_free(ddsp_model *model)
{
    if (model) {
        ddsp_network_free(model->network);
        ddsp_loudness_map_free(model->maps[0]);
        ddsp_loudness_map_free(model->maps[1]);
        free(model->response);
    }
    free(model);
}
