// SPDX-License-Identifier: GPL-2.0
/*
 * Usage: bar RESOURCE TEST [SECONDS]
 *
 * Maps a BAR, which has to keep what is stored, and accesses it as a program may. Prints
 * what came of it, one line each; "ok" or "BAD" is the last. RESOURCE is a file of sysfs,
 * or by VFIO "/dev/vfio/GROUP,DEVICE,BAR".
 *
 * read: one load. double: a floating-point store and load.
 * copies: memcpy() and memset() of the C library, at all offsets. threads:
 * several at a time. rights: who may do what, and what the kernel does for a program.
 * futex: the kernel is to access it, again and again. races: it is unmapped, protected,
 * mapped over and forked meanwhile. text: the text of an access changes meanwhile. step:
 * traced step by step. taken: stored to until it is gone. off: the device's memory is
 * switched off and on meanwhile, which takes VFIO. uio: interrupts of QEMU's edu, so many. wait:
 * map it, load, say so, and wait for /tmp/go before another load. cost: what a load takes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE	65536
/* Where it is mapped: so aligned that a large entry would do. */
#define WHERE	((void *)0x300000000000UL)

static volatile uint8_t *map;
static size_t length;
static off_t start;	/* in fd */
static int fd, by_vfio, bad;

static sigjmp_buf back;
static volatile sig_atomic_t caught;
static void *volatile where;

static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)context;
	caught = number;
	where = info->si_addr;
	siglongjmp(back, 1);
}

/* Which signal an access gets, 0 if none. */
#define TRY(access)	({				\
	caught = 0;					\
	if (!sigsetjmp(back, 1)) {			\
		access;					\
	}						\
	(int)caught;					\
})

static void expect(int is_right, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	printf(is_right ? "right: " : "WRONG: ");
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
	bad += !is_right;
}

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec + at.tv_nsec / 1e9;
}

static void handle(void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGILL, &action, NULL);
	sigaction(SIGTRAP, &action, NULL);
}

static uint32_t load(volatile void *at)
{
	return *(volatile uint32_t *)at;
}

static void store(volatile void *at, uint32_t val)
{
	*(volatile uint32_t *)at = val;
}

static void copies(void)
{
	static uint8_t from[5000], to[5000];
	unsigned int i, offset, sizes[] = { 1, 7, 16, 33, 200, 4096 };

	for (i = 0; i < sizeof(from); i++)
		from[i] = i * 7 + (i >> 8);
	for (offset = 0; offset < 24; offset++) {
		for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			size_t size = sizes[i];

			memset(to, 0, sizeof(to));
			memset((void *)(map + PAGE), 0x5a, 256);
			memcpy((void *)(map + PAGE + offset), from + offset / 3, size);
			memcpy(to + offset / 2, (void *)(map + PAGE + offset), size);
			if (memcmp(to + offset / 2, from + offset / 3, size) ||
			    (offset && map[PAGE + offset - 1] != 0x5a))
				expect(0, "copy of %zu at %u", size, offset);
		}
	}
	expect(1, "copies");
}

/* What a load takes, in nanoseconds: where the clock counts instructions, that many. */
static void cost(void)
{
	double begin = now();
	int i;

	for (i = 0; i < 1000; i++)
		load(map);
	printf("%.0f\n", (now() - begin) / 1000 * 1e9);
}

static volatile int stop, fails;

struct worker {
	pthread_t thread;
	volatile unsigned long count;
	unsigned long wrong;
	unsigned int offset;
};

static void *work(void *argument)
{
	struct worker *worker = argument;
	volatile uint64_t *at = (volatile uint64_t *)(map + worker->offset);

	while (!stop) {
		uint64_t val = (uint64_t)worker->offset << 32 | ++worker->count;

		*at = val;
		worker->wrong += *at != val;
	}
	return NULL;
}

static void run(struct worker *workers, int count, void *(*function)(void *))
{
	for (int i = 0; i < count; i++) {
		workers[i].offset = PAGE + 8 * i;
		pthread_create(&workers[i].thread, NULL, function, &workers[i]);
	}
}

static void finish(struct worker *workers, int count, const char *what)
{
	double end = now() + 60;

	/* One that a busy machine has left waiting has not failed yet. */
	for (int i = 0; i < count; i++)
		while (workers[i].count <= 10 && now() < end)
			usleep(10000);
	stop = 1;
	for (int i = 0; i < count; i++) {
		pthread_join(workers[i].thread, NULL);
		expect(workers[i].count > 10 && !workers[i].wrong, "%s %d: %s", what, i,
		       workers[i].wrong ? "wrong values" : "made progress");
	}
}

static void threads(double seconds)
{
	struct worker workers[4] = { 0 };

	run(workers, 4, work);
	usleep(seconds * 1e6);
	finish(workers, 4, "thread");
}

/* Over the access and on; a mapping that is not there is one of many. */
static void skip(int number, siginfo_t *info, void *context)
{
	ucontext_t *at = context;

	(void)info;
	fails += number == SIGSEGV || number == SIGBUS;
	at->uc_mcontext.gp_regs[32] += 4;
}

static void *fall(void *argument)
{
	struct worker *worker = argument;
	int is_store = worker->offset / 8 & 1;

	while (!stop) {
		if (is_store)
			store(map + worker->offset, 1);
		else
			load(map + worker->offset);
		worker->count++;
	}
	return NULL;
}

static void races(double seconds)
{
	struct worker workers[4] = { 0 };
	double end = now() + seconds;
	unsigned long rounds;
	int status;

	handle(skip);
	run(workers, 4, fall);
	for (rounds = 0; now() < end || rounds < 8; rounds++) {
		usleep(200);
		switch (rounds % 5) {
		case 0:
			munmap((void *)map, length);
			break;
		case 1:
			mprotect((void *)map, length, PROT_NONE);
			usleep(100);
			mprotect((void *)map, length, PROT_READ | PROT_WRITE);
			continue;
		case 2:
			mprotect((void *)map, length, PROT_READ);
			break;
		case 3:
			mmap((void *)map, length, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
			break;
		case 4:
			if (!fork()) {
				load(map + PAGE);
				execl("/proc/self/exe", "bar", NULL);
				_exit(0);
			}
			wait(&status);
			continue;
		}
		usleep(100);
		if (mmap((void *)map, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
			 start) != map)
			expect(0, "mapped again");
	}
	finish(workers, 4, "victim");
	expect(fails > 0, "there were signals");
}

static void kernel_for_us(void)
{
	int zero = open("/dev/zero", O_RDONLY), file = open("/tmp/bar", O_RDWR | O_CREAT, 0600);
	int memory = open("/proc/self/mem", O_RDWR);
	uint32_t word = 0;
	long count;

	errno = 0;
	count = read(zero, (void *)map, 4);
	expect(count < 0 && errno == EFAULT, "read() into it fails with EFAULT");
	errno = 0;
	count = write(file, (void *)map, 4);
	expect(count < 0 && errno == EFAULT, "write() from it fails with EFAULT");
	store(map + 8, 0x12345678);
	count = pread(memory, &word, 4, (off_t)(map + 8));
	/* VFIO offers no access to a debugger. */
	if (!by_vfio)
		expect(count == 4 && word == 0x12345678, "/proc/self/mem reads it");
	count = pwrite(memory, &word, 4, (off_t)(map + 8));
	expect(count < 0, "/proc/self/mem does not write it");
}

static void rights(void)
{
	volatile uint32_t val = 0;
	void *volatile other;
	int status;

	store(map + 4, 0x11223344);
	other = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, start);
	expect(!TRY(val = load(other + 4)) && val == 0x11223344, "read-only: loads");
	expect(TRY(store(other + 4, 1)) == SIGSEGV && where == other + 4, "read-only: SIGSEGV");
	munmap(other, length);
	expect(TRY(load(other + 4)) == SIGSEGV, "unmapped: SIGSEGV");
	other = mmap(NULL, length, PROT_WRITE, MAP_SHARED, fd, start);
	expect(!TRY(store(other + 4, 0x22334455)) && load(map + 4) == 0x22334455,
	       "write-only: stores");
	munmap(other, length);
	mprotect((void *)map, length, PROT_READ);
	expect(!TRY(load(map)) && TRY(store(map, 1)) == SIGSEGV, "mprotect(PROT_READ)");
	mprotect((void *)map, length, PROT_NONE);
	expect(TRY(load(map)) == SIGSEGV, "mprotect(PROT_NONE)");
	mprotect((void *)map, length, PROT_READ | PROT_WRITE);
	expect(!TRY(store(map + 4, 5)) && load(map + 4) == 5, "and both again");
	other = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, start);
	expect(other == MAP_FAILED, "MAP_PRIVATE is refused");

	fflush(stdout);
	if (!fork()) {
		int failed = TRY(load(map)) || TRY(store(map + 4, 0x77)) || load(map + 4) != 0x77;

		_exit(failed);
	}
	wait(&status);
	expect(!status && load(map + 4) == 0x77, "a child has it too");
	other = mremap((void *)map, length, length, MREMAP_MAYMOVE | MREMAP_FIXED,
		       (void *)0x700000000000UL);
	if (other != MAP_FAILED) {
		expect(!TRY(val = load(other + 4)) && val == 0x77, "it is moved");
		expect(TRY(load(map)) == SIGSEGV, "and no more where it was");
		mremap(other, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)map);
	}

	kernel_for_us();

	store(map + PAGE - 4, 0x44332211);
	store(map + PAGE, 0x88776655);
	expect(!TRY(val = load(map + PAGE - 3 - 4)), "not aligned: loads");
	expect(TRY(load(map + PAGE - 2)) == SIGBUS, "across a page: SIGBUS");
	expect(TRY(asm volatile("dcbz 0,%0" : : "r" (map) : "memory")) == SIGBUS, "dcbz: SIGBUS");
	expect(TRY(asm volatile("lwarx %0,0,%1" : "=r" (val) : "r" (map) : "memory")) == SIGBUS,
	       "lwarx: SIGBUS");
	expect(TRY(asm volatile("lfs 0,0(%0)" : : "b" (map) : "fr0", "memory")) == SIGBUS,
	       "lfs: SIGBUS");
	/* In the middle of a block, too: what has faulted may then be said to be its start. */
	expect(!TRY(asm volatile("dcbf 0,%0; icbi 0,%0; dcbst 0,%0; sync" : : "r" (map + 3) :
				 "memory")), "cache operations do nothing");
	other = mmap(NULL, length, PROT_READ | PROT_EXEC, MAP_SHARED, fd, start);
	if (other != MAP_FAILED)
		expect(TRY(asm volatile("mtctr %0; bctrl" : : "r" (other) : "lr", "ctr", "memory"))
		       == SIGBUS, "it is not executed: SIGBUS");
}

/* It fails, and ends; and not only if it is killed. */
static void futex(void)
{
	long result;

	errno = 0;
	result = syscall(SYS_futex, map, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	expect(result < 0 && errno == EFAULT, "FUTEX_WAIT: EFAULT");
	errno = 0;
	result = syscall(SYS_futex, &bad, FUTEX_WAKE_OP_PRIVATE, 1, 1, map,
			 FUTEX_OP(FUTEX_OP_ADD, 1, FUTEX_OP_CMP_EQ, 0));
	expect(result < 0 && errno == EFAULT, "FUTEX_WAKE_OP: EFAULT");
	errno = 0;
	result = syscall(SYS_futex, map, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0);
	expect(result < 0 && errno == EFAULT, "FUTEX_LOCK_PI: EFAULT");
}

/* QEMU's edu by uio_pci_generic: ask for an interrupt, and wait for it. */
static void uio(int count)
{
	int device = open("/dev/uio0", O_RDWR), command = -1, i;
	uint32_t before = 0, after = 0, word = 0;
	char path[256];

	snprintf(path, sizeof(path), "/sys/class/uio/uio0/device/config");
	command = open(path, O_RDWR);
	if (device < 0 || command < 0 || pread(command, &word, 2, 4) != 2) {
		expect(0, "there is a device");
		return;
	}
	store(map + 4, 0x12345678);
	expect(load(map + 4) == ~0x12345678u, "it is an edu");
	for (i = 0; i < count; i++) {
		uint16_t enabled = (word & ~0x400) | 2;

		/* The driver masks the interrupt in the command register each time. */
		if (pwrite(command, &enabled, 2, 4) != 2)
			expect(0, "the command register");
		store(map + 0x60, 1 + i);
		if (read(device, &after, 4) != 4 || (i && after != before + 1) ||
		    load(map + 0x24) != 1u + i)
			expect(0, "interrupt %d", i);
		before = after;
		store(map + 0x64, 1 + i);
	}
	expect(i == count, "interrupts");
}

/* An access in a page of text of its own, which another thread changes all the time. */
static uint32_t *code;

static void flush(uint32_t *at)
{
	asm volatile("dcbst 0,%0; sync; icbi 0,%0; sync; isync" : : "r" (at) : "memory");
}

static void *change(void *argument)
{
	/* lwz r4,0(r3); stw r4,4(r3); ld r4,8(r3); lbz r4,64(r3); lwarx; dcbz; addi; b .+4 */
	static const uint32_t words[] = {
		0x80830000, 0x90830004, 0xe8830008, 0x88830040, 0x7c801828, 0x7c001fec,
		0x38840001, 0x48000004, 0x7c6018ce, 0xf8830010,
	};
	struct worker *worker = argument;
	unsigned int i;

	for (i = 0; !stop; i++) {
		code[0] = words[i * 7 % (sizeof(words) / sizeof(*words))];
		flush(code);
		if (i % 64 == 0) {
			mprotect(code, PAGE, PROT_EXEC);
			mprotect(code, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
		}
		worker->count++;
	}
	return NULL;
}

static void text(double seconds)
{
	struct worker worker = { 0 };
	double end = now() + seconds;
	unsigned long calls = 0, i;

	code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	code[0] = 0x80830000;
	code[1] = 0x4e800020;	/* blr */
	flush(code);
	handle(skip);
	memset((void *)map, 0, 128);
	memset((void *)(map + 2 * PAGE), 0x33, 4096);
	pthread_create(&worker.thread, NULL, change, &worker);
	while (now() < end || ((calls <= 100 || worker.count <= 10) && now() < end + 60)) {
		register volatile void *base asm("r3") = map;

		asm volatile("mtctr %1; bctrl" : "+r" (base) : "r" (code)
			     : "r0", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr",
			     "ctr", "memory", "v3", "cr0");
		calls++;
	}
	stop = 1;
	pthread_join(worker.thread, NULL);
	expect(calls > 100 && worker.count > 10, "the text has changed meanwhile");
	for (i = 0; i < 4096; i++)
		if (map[2 * PAGE + i] != 0x33)
			expect(0, "another place was stored to, at %lu", i);
	for (i = 24; i < 128; i++)
		if (map[i])
			expect(0, "another place was stored to, at %lu", i);
}

static void step(void)
{
	int status, steps = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		asm volatile("li 14,0; lwz 14,0(%0); addi 14,14,1; stw 14,4(%0)" : : "b" (map)
			     : "r14", "memory");
		_exit(0);
	}
	waitpid(child, &status, 0);
	while (WIFSTOPPED(status)) {
		unsigned long before = ptrace(PTRACE_PEEKUSER, child, (void *)(32 * 8), NULL);
		unsigned long after;
		long word = ptrace(PTRACE_PEEKTEXT, child, (void *)before, NULL);

		ptrace(PTRACE_SINGLESTEP, child, NULL, NULL);
		waitpid(child, &status, 0);
		if (!WIFSTOPPED(status))
			break;
		after = ptrace(PTRACE_PEEKUSER, child, (void *)(32 * 8), NULL);
		/* lwz or stw of r14 */
		if ((word & 0xffe00000) == 0x81c00000 || (word & 0xffe00000) == 0x91c00000) {
			steps++;
			if (WSTOPSIG(status) != SIGTRAP || after != before + 4)
				expect(0, "stopped behind the access");
		}
	}
	expect(steps == 2, "stopped behind each access");
}

static void floating(void)
{
	volatile double *place = (volatile double *)map;

	*place = 1.5;
	expect(*place == 1.5, "a double is stored and loaded");
}

/* What is to be told from what others store. */
static void store_on(void)
{
	uint32_t i;

	for (i = 0;; i++)
		store(map + PAGE, 0x5a000000 | (i & 0xffff));
}

static void taken(void)
{
	printf("mapped\n");
	printf("signal %d\n", TRY(store_on()));
}

/* A mapping lost with the memory has to end before: an access of nothing is a machine check. */
static void memory_off(double seconds)
{
	off_t config = (off_t)VFIO_PCI_CONFIG_REGION_INDEX << 40;
	struct worker workers[4] = { 0 };
	double end = now() + seconds;
	unsigned long rounds;
	uint16_t command;

	handle(skip);
	if (pread(fd, &command, 2, config + 4) != 2 || !(command & 2)) {
		expect(0, "the device's memory is on");
		return;
	}
	run(workers, 4, fall);
	for (rounds = 0; now() < end || rounds < 8; rounds++) {
		usleep(200);
		command ^= 2;
		if (pwrite(fd, &command, 2, config + 4) != 2)
			expect(0, "the command register");
	}
	finish(workers, 4, "victim");
	expect(fails > 0, "there were signals");
}

static int open_file(const char *name)
{
	struct stat stat;

	fd = open(name, O_RDWR | O_SYNC);
	if (fd < 0 || fstat(fd, &stat))
		return -1;
	length = stat.st_size;
	return 0;
}

/* By the only IOMMU that there is in a guest of its kind. */
static int open_vfio(char *name)
{
	struct vfio_region_info region = { .argsz = sizeof(region) };
	int container = open("/dev/vfio/vfio", O_RDWR), group;
	char *bar = strrchr(name, ','), *device = strchr(name, ',');

	*bar++ = 0;
	*device++ = 0;
	group = open(name, O_RDWR);
	if (container < 0 || group < 0 || ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_SPAPR_TCE_IOMMU))
		return -1;
	fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, device);
	region.index = atoi(bar);
	if (fd < 0 || ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &region))
		return -1;
	length = region.size;
	start = region.offset;
	return 0;
}

int main(int argc, char **argv)
{
	double seconds = argc > 3 ? atof(argv[3]) : 1;
	const char *what;

	/* What it is when it executes itself. */
	if (argc < 3)
		return 0;
	what = argv[2];
	setvbuf(stdout, NULL, _IOLBF, 0);
	by_vfio = !!strchr(argv[1], ',');
	if (by_vfio ? open_vfio(argv[1]) : open_file(argv[1])) {
		perror("open");
		return 1;
	}
	map = mmap(WHERE, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, start);
	if (map == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	handle(on_signal);
	if (!strcmp(what, "cost")) {
		cost();
		return 0;
	}
	if (!strcmp(what, "wait")) {
		load(map);
		printf("mapped\n");
		while (access("/tmp/go", F_OK))
			usleep(10000);
	}
	if (!strcmp(what, "read") || !strcmp(what, "wait"))
		printf("signal %d\n", TRY(printf("%x\n", load(map))));
	else if (!strcmp(what, "double"))
		floating();
	else if (!strcmp(what, "copies"))
		copies();
	else if (!strcmp(what, "threads"))
		threads(seconds);
	else if (!strcmp(what, "rights"))
		rights();
	else if (!strcmp(what, "futex"))
		futex();
	else if (!strcmp(what, "races"))
		races(seconds);
	else if (!strcmp(what, "text"))
		text(seconds);
	else if (!strcmp(what, "step"))
		step();
	else if (!strcmp(what, "taken"))
		taken();
	else if (!strcmp(what, "off"))
		memory_off(seconds);
	else if (!strcmp(what, "uio"))
		uio(seconds);
	else
		return 2;
	printf("%s\n", bad ? "BAD" : "ok");
	return bad != 0;
}
