/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bad input to svm_mmio's debugfs files and parameters, drawn from a grammar and mutated.
 *
 * Every input follows from the seed, the name of its phase and its number. What it must do
 * follows from model.c, which is written from the documentation, not from the module.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DEBUGFS		"/sys/kernel/debug/svm_mmio"
#define COMMAND_MAX	128		/* longer ones are refused unread */
#define INPUT_MAX	1048576

/* random.c */
struct rng {
	uint64_t state;
};

void rng_start(struct rng *rng, uint64_t seed, const char *phase, uint64_t number);
uint64_t rng_next(struct rng *rng);
unsigned int rng_below(struct rng *rng, unsigned int bound);
bool rng_one_in(struct rng *rng, unsigned int n);

struct input {
	char *text;
	size_t len;
};

/* bar.c: the BARs there are, and what the fuzzer knows of their state */
enum kind { KIND_TESTDEV, KIND_PORTS, KIND_EDU, KIND_BUFFER, KIND_OTHER };

struct bar {
	char dir[128];
	char bdf[16];
	enum kind kind;
	uint64_t size;
	int access, run, results;	/* open files */
	char answer[64];		/* what "access" has to read */
	char *text;			/* what "results" has to read */
	size_t text_len;
	uint8_t *shadow;		/* of a buffer: what it holds, where known */
	bool *known;
};

#define MAX_BARS	8

extern struct bar bars[MAX_BARS];
extern unsigned int bar_count;

void bars_find(void);
void bar_open(struct bar *bar);
void bar_close(struct bar *bar);
void bar_remember_results(struct bar *bar);
bool bar_results_kept(const struct bar *bar);
const char *bar_file(const struct bar *bar, const char *name);
ssize_t slurp(int fd, char *to, size_t size);
size_t read_path(const char *path, char *to, size_t size);
bool write_path(const char *path, const char *text);

/* model.c: what an input has to do */
struct operation {
	int err;			/* 0, or the errno it is refused with */
	/* access */
	bool store;
	bool big_endian;
	unsigned int bytes;
	uint64_t offset;
	uint64_t val;
	/* run */
	const char *name;		/* of the case, or "all" */
	bool stress;
	unsigned int threads, secs;	/* 0 where nothing was said */
};

#define MAX_CASES	32

extern char case_names[MAX_CASES][32];
extern unsigned int case_count;

struct operation model_access(const struct bar *bar, const char *text, size_t len);
struct operation model_run(const char *text, size_t len);
int model_parameters(const char *text, char *backend, size_t size);
bool is_harmless(const struct bar *bar, const struct operation *op);
bool is_quick(const struct operation *op);

/* draw.c: inputs */
void draw_access(struct rng *rng, const struct bar *bar, struct input *in);
void draw_run(struct rng *rng, struct input *in);
void draw_parameters(struct rng *rng, struct input *in);

/* report.c */
extern uint64_t seed;
extern const char *phase_name;
extern uint64_t input_number;

const char *printable(const char *text, size_t len);
const char *error_name(long result);
__attribute__((format(printf, 1, 2))) void failed(const char *fmt, ...);
__attribute__((format(printf, 1, 2), noreturn)) void die(const char *fmt, ...);
unsigned int failures(void);

/* The phases; each says what it has done as "key: value" lines. */
void phase_access(uint64_t inputs);	/* access.c */
void phase_run(uint64_t inputs);	/* runs.c */
void phase_files(uint64_t inputs);	/* files.c */
void phase_gone(uint64_t inputs);	/* gone.c */
void phase_race(uint64_t inputs);	/* race.c */
void phase_parameters(const char *module, uint64_t inputs);	/* parameters.c */

/* deliver.c: one command, by whichever system call */
long deliver(struct rng *rng, int fd, const struct input *in);
bool check_done(const struct bar *bar, const char *file, const struct input *in, long wanted,
		long done);

#endif /* FUZZ_H */
