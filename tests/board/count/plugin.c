/* A plugin of QEMU's user mode: counts the instructions that a program executes and writes the
 * number to stderr as it ends.
 *
 * Debian ships QEMU with plugins but without their header, so what is used of it is declared here.
 * PLUGIN_VERSION: of the interface, 1 up to QEMU 8, 2 and more from 9 on.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SEEN __attribute__((visibility("default")))

typedef uint64_t plugin_id;
struct block; /* a run of instructions without a jump, translated once */
enum { NO_REGISTERS = 0 };

size_t qemu_plugin_tb_n_insns(const struct block *block);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*call)(plugin_id, struct block *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct block *block, void (*call)(unsigned, void *),
                                          int registers, void *user);
void qemu_plugin_register_atexit_cb(plugin_id id, void (*call)(plugin_id, void *), void *user);

SEEN int qemu_plugin_version = PLUGIN_VERSION;
SEEN int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

static uint64_t total;

static void executed(unsigned processor, void *size)
{
    (void)processor;
    total += (uintptr_t)size;
}

static void translated(plugin_id id, struct block *block)
{
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cb(block, executed, NO_REGISTERS,
                                         (void *)(uintptr_t)qemu_plugin_tb_n_insns(block));
}

static void ended(plugin_id id, void *user)
{
    (void)id;
    (void)user;
    fprintf(stderr, "instructions %" PRIu64 "\n", total);
}

SEEN int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info;
    (void)argc;
    (void)argv;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
