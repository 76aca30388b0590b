/* A model's weights, laid out for vectors: shared, and never changed once prepared. */
#ifndef DDSP_NETWORK_H
#define DDSP_NETWORK_H

#include <stdint.h>

#include "ddsp_kernel.h"

enum {
    DDSP_NET_TILE = 32,        /* outputs that are summed side by side */
    DDSP_NET_STEP = 8          /* outputs are filled up to a multiple of this */
};

/* n rounded up to whole vectors of any width. */
#define DDSP_NET_ROUND(n) (((n) + DDSP_NET_STEP - 1) / DDSP_NET_STEP * DDSP_NET_STEP)

/* n rounded up to whole tiles. */
#define DDSP_NET_TILES(n) (((n) + DDSP_NET_TILE - 1) / DDSP_NET_TILE * DDSP_NET_TILE)

/* A dense layer. Its outputs lie in tiles of 32 and at the end of 8; a tile holds a row of its
 * weights for each input. Outputs that only fill up have the weight 0. */
typedef struct {
    const float *weights, *bias;
    int n_in, n_out;           /* n_out is a multiple of 8 */
    /* Where all weights are integers times the scale of their output (int8 files): the same, two in
     * a word as upper halves of floats, which hold such integers exactly. Half the memory is half
     * the time where weights come from the second-level cache. A row of a tile has 16 words; in
     * word k are outputs k (lower half) and k + 16. The last tile is filled up. NULL: there is none. */
    const uint32_t *packed;
    const float *scale;        /* [n_out, filled up to whole tiles] */
} ddsp_net_matrix;

struct ddsp_network {
    float *memory;             /* of every matrix; NULL until prepared */
    ddsp_network_weights facts; /* the scalars and sizes; its pointers are not used */
    const float *mean_shares;
    int recurrent;
    int width;                 /* outputs of the last hidden layer */
    ddsp_net_matrix layers[DDSP_MAX_LAYERS];
    ddsp_net_matrix past;
    /* gates: [layer, state] to reset, then update, each filled up to whole vectors. */
    ddsp_net_matrix gates, in_new, state_new;
    ddsp_net_matrix merge;     /* [layer, new state] */
    ddsp_net_matrix head;      /* harmonics filled up to whole vectors, noise, amplitude */
    ddsp_net_matrix amplitude; /* its head again, where those of `head` are packed */
};

/* What the network answers before its output functions: room for any network's. */
enum {
    DDSP_NET_HEAD = DDSP_NET_TILES(DDSP_MAX_HARMONICS + DDSP_NET_ROUND(DDSP_MAX_NOISE_BANDS + 1))
};

#endif
