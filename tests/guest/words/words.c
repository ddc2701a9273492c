// SPDX-License-Identifier: GPL-2.0
/*
 * Usage: words RESOURCE forms|random COUNT SEED
 *
 * Executes COUNT instructions, with all registers drawn, on a BAR that keeps what is
 * stored, and then the same on memory at the same address; compares all general, vector
 * and floating-point registers after each, which signal it got, and at the end the memory.
 *
 * forms: loads and stores of all forms, with registers drawn: none may get a signal.
 * random: words drawn at random, half of them from the opcodes of loads and stores. One
 * that gets SIGBUS on the BAR is left out on memory: it has to have changed nothing.
 *
 * Prints "count N wrong N signals N", and the first that were wrong.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE	65536
#define WHERE	((uint8_t *)0x200000000000UL)
#define CODE	((uint32_t *)0x11000000UL)
#define BATCH	2000

/* All that an instruction may change. */
struct registers {
	uint64_t gpr[32];
	uint64_t cr;
	uint64_t xer;
	uint64_t vsr[64][2];
};

struct registers before, after, host;
uint64_t host_stack, host_thread;

void enter(void);
extern const char leave[], recover[];

/*
 * enter(): all registers from before, to the instruction at CODE. It is followed by a branch
 * to leave: all registers to after, and back. r31 is in CTR meanwhile, and so lost.
 */
asm("	.text\n"
"	.macro	address reg name\n"
"	lis	\\reg,\\name@ha\n"
"	addi	\\reg,\\reg,\\name@l\n"
"	.endm\n"
"	.macro	vectors insn\n"
"	.set	i,0\n"
"	.rept	64\n"
"	\\insn	i,0,4\n"
"	addi	4,4,16\n"
"	.set	i,i+1\n"
"	.endr\n"
"	.endm\n"
"	.globl	enter\n"
"enter:	mflr	0\n"
"	std	0,16(1)\n"
"	mfcr	0\n"
"	std	0,8(1)\n"
"	address	3,host\n"
"	.set	i,14\n"
"	.rept	18\n"
"	std	i,8*i(3)\n"
"	.set	i,i+1\n"
"	.endr\n"
"	std	2,16(3)\n"
"	addi	4,3,272\n"
"	vectors	stxvd2x\n"
"	address	3,host_stack\n"
"	std	1,0(3)\n"
"	address	3,host_thread\n"
"	std	13,0(3)\n"
"	address	31,before\n"
"	xxlxor	0,0,0\n"
"	mtfsf	255,0,1,0\n"	/* all of FPSCR, the decimal rounding mode too */
"	vxor	0,0,0\n"
"	mtvscr	0\n"
"	addi	4,31,272\n"
"	vectors	lxvd2x\n"
"	ld	3,256(31)\n"
"	mtcr	3\n"
"	ld	3,264(31)\n"
"	mtxer	3\n"
"	lis	3,0x1100\n"
"	mtctr	3\n"
"	.set	i,0\n"
"	.rept	32\n"
"	ld	i,8*i(31)\n"
"	.set	i,i+1\n"
"	.endr\n"
"	bctr\n"
"	.globl	leave\n"
"leave:	mtctr	31\n"
"	address	31,after\n"
"	.set	i,0\n"
"	.rept	31\n"
"	std	i,8*i(31)\n"
"	.set	i,i+1\n"
"	.endr\n"
"	mfctr	0\n"
"	std	0,248(31)\n"
"	mfcr	0\n"
"	std	0,256(31)\n"
"	mfxer	0\n"
"	std	0,264(31)\n"
"	addi	4,31,272\n"
"	vectors	stxvd2x\n"
"	.globl	recover\n"
"recover:\n"
"	address	3,host_stack\n"
"	ld	1,0(3)\n"
"	address	3,host_thread\n"
"	ld	13,0(3)\n"
"	address	3,host\n"
"	addi	4,3,272\n"
"	vectors	lxvd2x\n"
"	ld	2,16(3)\n"
"	.set	i,14\n"
"	.rept	18\n"
"	ld	i,8*i(3)\n"
"	.set	i,i+1\n"
"	.endr\n"
"	ld	0,8(1)\n"
"	mtcr	0\n"
"	ld	0,16(1)\n"
"	mtlr	0\n"
"	blr\n");

static volatile sig_atomic_t caught;

/* It runs with whatever is in r13: nothing here looks at it. */
static void on_signal(int number, siginfo_t *info, void *context)
{
	ucontext_t *at = context;

	(void)info;
	caught = number;
	at->uc_mcontext.gp_regs[32] = (unsigned long)recover;
}

static uint64_t state;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dUL;
}

static unsigned int below(unsigned int limit)
{
	return (draw() >> 33) % limit;
}

/* D: displacement. S: displacement by 4. Q: by 16. X: two registers. U: r_A is changed. */
static const struct form {
	char kind;
	char update;
	char load;		/* into a general register */
	char bytes;
	uint32_t word;
} all_forms[] = {
	{ 'D', 0, 1, 4, 32u << 26 }, { 'D', 1, 1, 4, 33u << 26 }, { 'D', 0, 1, 1, 34u << 26 },
	{ 'D', 1, 1, 1, 35u << 26 }, { 'D', 0, 0, 4, 36u << 26 }, { 'D', 1, 0, 4, 37u << 26 },
	{ 'D', 0, 0, 1, 38u << 26 }, { 'D', 1, 0, 1, 39u << 26 }, { 'D', 0, 1, 2, 40u << 26 },
	{ 'D', 1, 1, 2, 41u << 26 }, { 'D', 0, 1, 2, 42u << 26 }, { 'D', 1, 1, 2, 43u << 26 },
	{ 'D', 0, 0, 2, 44u << 26 }, { 'D', 1, 0, 2, 45u << 26 },
	{ 'D', 0, 0, 8, 50u << 26 }, { 'D', 1, 0, 8, 51u << 26 }, { 'D', 0, 0, 8, 54u << 26 },
	{ 'D', 1, 0, 8, 55u << 26 },
	{ 'S', 0, 1, 8, 58u << 26 }, { 'S', 1, 1, 8, 58u << 26 | 1 },
	{ 'S', 0, 1, 4, 58u << 26 | 2 }, { 'S', 0, 0, 8, 62u << 26 },
	{ 'S', 1, 0, 8, 62u << 26 | 1 }, { 'S', 0, 0, 16, 62u << 26 | 2 },
	{ 'Q', 0, 1, 16, 56u << 26 }, { 'Q', 0, 0, 16, 61u << 26 | 1 },
	{ 'Q', 0, 0, 16, 61u << 26 | 5 },
#define X(update, load, bytes, code)	{ 'X', update, load, bytes, 31u << 26 | (code) << 1 }
	X(0, 1, 4, 23), X(1, 1, 4, 55), X(0, 1, 1, 87), X(1, 1, 1, 119), X(0, 1, 2, 279),
	X(1, 1, 2, 311), X(0, 1, 2, 343), X(1, 1, 2, 375), X(0, 1, 8, 21), X(1, 1, 8, 53),
	X(0, 1, 4, 341), X(1, 1, 4, 373), X(0, 0, 4, 151), X(1, 0, 4, 183), X(0, 0, 1, 215),
	X(1, 0, 1, 247), X(0, 0, 2, 407), X(1, 0, 2, 439), X(0, 0, 8, 149), X(1, 0, 8, 181),
	X(0, 1, 4, 534), X(0, 1, 2, 790), X(0, 1, 8, 532), X(0, 0, 4, 662), X(0, 0, 2, 918),
	X(0, 0, 8, 660),
	/* lvx, lvxl, stvx, stvxl; lxvx, stxvx, lxvd2x, lxvw4x, lxvh8x, lxvb16x and their stores */
	X(0, 0, 16, 103), X(0, 0, 16, 359), X(0, 0, 16, 231), X(0, 0, 16, 487),
	X(0, 0, 16, 268), X(0, 0, 16, 396), X(0, 0, 16, 844), X(0, 0, 16, 972),
	X(0, 0, 16, 780), X(0, 0, 16, 908), X(0, 0, 16, 812), X(0, 0, 16, 940),
	X(0, 0, 16, 876), X(0, 0, 16, 1004),
	/* lfdx, lfdux, stfdx, stfdux */
	X(0, 0, 8, 599), X(1, 0, 8, 631), X(0, 0, 8, 727), X(1, 0, 8, 759),
};

#define FORMS	(sizeof(all_forms) / sizeof(*all_forms))

/* Would an access at @addr cross the end of a page, of whatever size? That gets SIGBUS. */
static int crosses(uint64_t addr, unsigned int bytes)
{
	return (addr & 4095) + bytes > 4096;
}

/* One with registers drawn; they lead into the page. */
static uint32_t draw_form(struct registers *regs)
{
	const struct form *form = &all_forms[below(FORMS)];
	unsigned int rt, ra, rb, offset, step = below(4) ? 16 : 1;
	int displacement = 0;

	do {
		rt = below(32);
		ra = below(32);
		rb = below(32);
	} while ((form->update && (!ra || (form->load && ra == rt))) || ra == rb ||
		 (form->bytes == 16 && form->kind != 'X' && (form->word >> 26 != 61) &&
		  (rt & 1 || rt == ra || rt + 1 == ra)));
	if (!ra && form->kind != 'X')
		ra = 1;
	if (form->word >> 26 == 56 && (rt == ra || rt + 1 == ra))
		ra = rt ? rt - 1 : 3;
	offset = 64 + below(2048) / step * step;
	if (form->kind == 'X') {
		regs->gpr[rb] = below(1 << 12) / step * step;
		if (ra)
			regs->gpr[ra] = (uintptr_t)WHERE + offset;
		else
			regs->gpr[rb] += (uintptr_t)WHERE + offset;
		if (crosses((ra ? regs->gpr[ra] : 0) + regs->gpr[rb], form->bytes))
			return draw_form(regs);
		return form->word | rt << 21 | ra << 16 | rb << 11 |
		       (form->bytes == 16 && !(form->word >> 1 & 3) && below(2));
	}
	displacement = (int)(below(1 << 12) / step * step) & (form->kind == 'D' ? ~0 :
							     form->kind == 'S' ? ~3 : ~15);
	displacement -= 1024;
	regs->gpr[ra] = (uintptr_t)WHERE + 2048 + offset;
	if (crosses(regs->gpr[ra] + displacement, form->bytes))
		return draw_form(regs);
	return form->word | rt << 21 | ra << 16 | (displacement & 0xffff) |
	       (form->kind == 'Q' && form->word >> 26 == 61 ? below(2) << 3 : 0);
}

/* Branches, system calls, and what says something else each time or changes more. */
static int is_excluded(uint32_t word)
{
	static const unsigned int codes[] = {
		339, 371, 467, 755, 30, 654, 686, 718, 750, 782, 814, 846, 878, 910, 942, 974,
		1006, 19, 144, 512, 576, 598,
		/* Atomics in memory: on a device some kernels fault for ever, guarded or not. */
		582, 614, 710, 742,
	};
	unsigned int opcode = word >> 26, i;

	if (opcode == 1 || (opcode >= 16 && opcode <= 19))
		return 1;
	if (opcode == 31)
		for (i = 0; i < sizeof(codes) / sizeof(*codes); i++)
			if ((word >> 1 & 1023) == codes[i])
				return 1;
	return 0;
}

/*
 * Several registers at a time: an alignment interrupt in little-endian, for which the
 * kernel makes the accesses. So on a BAR it fails with SIGSEGV.
 */
static int is_multiple(uint32_t word)
{
	unsigned int opcode = word >> 26, code = word >> 1 & 1023;

	return opcode == 46 || opcode == 47 ||
	       (opcode == 31 && (code == 533 || code == 597 || code == 661 || code == 725));
}

static uint32_t draw_word(struct registers *regs)
{
	uint32_t word;
	int i;

	for (i = 0; i < 32; i++)
		regs->gpr[i] = below(2) ? (uintptr_t)WHERE + PAGE / 2 + below(256) * 16 + below(2) *
					  below(16) : below(4096);
	if (!below(16))
		regs->gpr[below(32)] = (uintptr_t)WHERE + PAGE - below(16);
	do {
		unsigned int kind = below(20);

		word = draw() >> 16;
		if (kind < 10)
			word = (word & 0x03ffffff) | (32 + below(31)) << 26;
		else if (kind < 18)
			word = (word & 0x03ffffff) | 31u << 26;
	} while (is_excluded(word));
	return word;
}

struct result {
	int signal;
	struct registers after;
};

static struct result results[BATCH];
static unsigned long wrong, signals, done;
static size_t size;

static void pass(uint64_t seed, unsigned int count, int is_random, int is_first)
{
	unsigned int i;
	int j;

	state = seed;
	for (i = 0; i < size / 8; i++)
		((volatile uint64_t *)WHERE)[i] = draw();
	for (i = 0; i < count; i++) {
		uint32_t word;

		for (j = 0; j < 32; j++)
			before.gpr[j] = draw();
		for (j = 0; j < 128; j++)
			before.vsr[j / 2][j & 1] = draw();
		before.cr = draw() & 0xffffffff;
		before.xer = 0;
		word = is_random ? draw_word(&before) : draw_form(&before);
		if (!is_first && (results[i].signal == SIGBUS ||
				  (results[i].signal == SIGSEGV && is_multiple(word))))
			continue;
		CODE[0] = word;
		asm volatile("dcbst 0,%0; sync; icbi 0,%0; sync; isync" : : "r" (CODE) : "memory");
		caught = 0;
		memset(&after, 0, sizeof(after));
		enter();
		if (is_first) {
			results[i].signal = caught;
			signals += caught != 0;
			results[i].after = after;
			done++;
		} else if (results[i].signal != caught ||
			   memcmp(&results[i].after, &after, sizeof(after))) {
			if (wrong++ < 20) {
				printf("word %08x: signal %d, on memory %d", word,
				       results[i].signal, (int)caught);
				for (j = 0; j < 32; j++)
					if (results[i].after.gpr[j] != after.gpr[j])
						printf(" r%d %lx not %lx", j,
						       results[i].after.gpr[j], after.gpr[j]);
				for (j = 0; j < 64; j++)
					if (memcmp(results[i].after.vsr[j], after.vsr[j], 16))
						printf(" vs%d %lx.%lx not %lx.%lx", j,
						       results[i].after.vsr[j][0],
						       results[i].after.vsr[j][1],
						       after.vsr[j][0], after.vsr[j][1]);
				printf(" cr %lx %lx\n", results[i].after.cr, after.cr);
			}
		}
	}
}

int main(int argc, char **argv)
{
	static uint8_t stack[65536], content[PAGE];
	struct sigaction action = { .sa_sigaction = on_signal,
				    .sa_flags = SA_SIGINFO | SA_ONSTACK };
	stack_t other = { .ss_sp = stack, .ss_size = sizeof(stack) };
	unsigned long count, at;
	int fd, is_random;
	uint64_t seed;
	size_t i;

	if (argc != 5)
		return 2;
	is_random = !strcmp(argv[2], "random");
	count = strtoul(argv[3], NULL, 0);
	size = is_random ? PAGE : 8192;
	seed = strtoul(argv[4], NULL, 0) * 0x9e3779b97f4a7c15UL + 1;
	fd = open(argv[1], O_RDWR | O_SYNC);
	if (fd < 0 || mmap(CODE, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != CODE)
		return 1;
	CODE[1] = 0x48000000 | (((uintptr_t)leave - (uintptr_t)&CODE[1]) & 0x03fffffc);
	sigaltstack(&other, NULL);
	for (i = 0; i < 32; i++)
		if (i == SIGILL || i == SIGBUS || i == SIGSEGV || i == SIGFPE || i == SIGTRAP)
			sigaction(i, &action, NULL);
	for (at = 0; at < count; at += BATCH) {
		unsigned int some = count - at < BATCH ? count - at : BATCH;

		if (mmap(WHERE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, PAGE) !=
		    WHERE)
			return 1;
		pass(seed + at, some, is_random, 1);
		memcpy(content, WHERE, size);
		if (mmap(WHERE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
			 MAP_FIXED, -1, 0) != WHERE)
			return 1;
		/* What is not drawn is not compared, but may be loaded. */
		memcpy(WHERE, content, size);
		pass(seed + at, some, is_random, 0);
		if (memcmp(content, WHERE, size)) {
			for (i = 0; content[i] == WHERE[i]; i++)
				;
			printf("batch at %lu: the memory differs at %#zx\n", at, i);
			wrong++;
		}
	}
	printf("count %lu wrong %lu signals %lu\n", done, wrong, signals);
	return wrong != 0;
}
