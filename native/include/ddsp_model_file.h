/* ddsp_model_file.h: models as the plug-in reads them (.ddspw). Rules and threads: ddsp_common.h.
 *
 * `ddsp-edge models export-lv2` writes such a file from a bundle (ddsp_edge/lv2/model_file.py); it
 * holds all that the audio thread needs of a model, so that neither Python nor a TFLite runtime
 * does. The layout is in docs/lv2.md. A file may come from anywhere: every length, count and
 * number is checked before it is used, and what is wrong is said by a number.
 */

typedef struct ddsp_model ddsp_model;

/* What a model is. Texts are UTF-8 and end with 0. */
typedef struct {
    char name[257];
    char licence[1025];
    ddsp_conditioned_model conditioned;  /* its network is the model's; offset_db is 0, and it has
                                          * neither of the loudness maps */
    const ddsp_loudness_map *note_map;   /* how loud it is shown a note of MIDI; NULL: as asked */
    const ddsp_loudness_map *heard_map;  /* the same for what an effect hears */
    const ddsp_expression *expression;   /* how it is played; NULL: nothing is known of it */
    double min_loudness_db, max_loudness_db;  /* the softest and loudest note that MIDI asks for */
    double attack_s;          /* from a note that starts at once to half its steady power */
    int32_t has_room;         /* 1: the recordings' room was learnt, in our reverb's terms: */
    double room_size, room_damping, room_wet;  /* 0..1 */
    const float *response;    /* body and room, of n_response samples at response_hz; NULL: none */
    int32_t n_response;
    double response_hz;
} ddsp_model_info;

/* Why a file is refused. */
enum {
    DDSP_MODEL_GOOD = 0,
    DDSP_MODEL_FOREIGN,       /* it does not begin as one of these files */
    DDSP_MODEL_NEWER,         /* of a later version, or with a section that must be understood */
    DDSP_MODEL_LENGTH,        /* shorter or longer than it says, or a section that runs over */
    DDSP_MODEL_CHECKSUM,      /* changed on its way */
    DDSP_MODEL_INCOMPLETE,    /* a section that every model has is missing, or there twice */
    DDSP_MODEL_VALUES,        /* numbers that fit neither their ranges nor each other */
    DDSP_MODEL_MEMORY,        /* out of memory */
    DDSP_MODEL_PROBLEMS
};

/* Setup. Reads n bytes, which are not needed afterwards. NULL, and why in `problem`, for a file
 * that is not good. */
ddsp_model *ddsp_model_read(const uint8_t *bytes, size_t n, int *problem);

/* Any thread. A sentence without its full stop, in English. */
const char *ddsp_model_problem(int problem);

/* Any thread. A model never changes; what it points to lives as long. */
const ddsp_model_info *ddsp_model_get_info(const ddsp_model *model);

/* Setup. NULL is allowed. */
void ddsp_model_free(ddsp_model *model);
