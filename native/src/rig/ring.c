/* The index that the other side owns is read with acquire, one's own is written with
 * release: what lies in a slot is complete before the slot changes hands.
 */
#include "rig/ring.h"

#include <stdlib.h>
#include <string.h>

int ddsp_ring_prepare(ddsp_ring *ring, unsigned n, size_t slot_size)
{
    unsigned slots = 1;
    while (slots < n)
        slots *= 2;
    ddsp_ring_free(ring);
    ring->slots = calloc(slots, slot_size);
    ring->slot_size = slot_size;
    ring->mask = slots - 1;
    return ring->slots != NULL;
}

void ddsp_ring_free(ddsp_ring *ring)
{
    free(ring->slots);
    memset(ring, 0, sizeof *ring);
}

void *ddsp_ring_slot(ddsp_ring *ring)
{
    const unsigned at = atomic_load_explicit(&ring->written, memory_order_relaxed);
    if (at - atomic_load_explicit(&ring->taken, memory_order_acquire) > ring->mask)
        return NULL;
    return ring->slots + (at & ring->mask) * ring->slot_size;
}

void ddsp_ring_push(ddsp_ring *ring)
{
    const unsigned at = atomic_load_explicit(&ring->written, memory_order_relaxed);
    atomic_store_explicit(&ring->written, at + 1, memory_order_release);
}

unsigned ddsp_ring_count(ddsp_ring *ring)
{
    return atomic_load_explicit(&ring->written, memory_order_acquire)
           - atomic_load_explicit(&ring->taken, memory_order_relaxed);
}

const void *ddsp_ring_at(ddsp_ring *ring, unsigned i)
{
    const unsigned at = atomic_load_explicit(&ring->taken, memory_order_relaxed) + i;
    return ring->slots + (at & ring->mask) * ring->slot_size;
}

void ddsp_ring_pop(ddsp_ring *ring, unsigned n)
{
    const unsigned at = atomic_load_explicit(&ring->taken, memory_order_relaxed);
    atomic_store_explicit(&ring->taken, at + n, memory_order_release);
}
