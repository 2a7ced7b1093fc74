/*
 * What one exit costs: a guest of its own, without an operating system, that does one operation many times over and tells
 * how many ticks of the TSC that took. QEMU's -append says which, how often in a block, and how many blocks:
 *
 *	hypercall 100 20
 *
 * It answers on port 0xe9 (QEMU's isa-debugcon), a fact a line, and ends the machine by a triple fault, which -no-reboot
 * makes an end of QEMU with exit code 0:
 *
 *	operation=hypercall
 *	vendor=AuthenticAMD
 *	instruction=vmmcall
 *	cpus=2
 *	known=4001		ticks of a loop of 4000 instructions that cause no exit
 *	block=134350 1403	ticks of a block, and of a block of the same loop around nothing
 *	...
 *	end
 *
 * A block is: lfence; rdtsc; the loop; lfence; rdtsc. The loop around nothing has the same instructions but the operation,
 * so what a block takes beyond it, divided by the repetitions, is one operation. One block more than was asked for is
 * made, and the first is not told: it finds caches and translations cold, at every level.
 *
 * After each block the interrupts are counted: as many must have arrived as the operation asked for, each once.
 *
 * The operations, each as short as it gets:
 *	cpuid		cpuid, leaf 0: always an exit
 *	hypercall	vmmcall or vmcall with a number that KVM does not know: it answers -KVM_ENOSYS
 *	device-notify	a 4-byte store of 0 to QueueNotify of a virtio-mmio device whose queue 0 is set up and empty
 *	program-timer	wrmsr of IA32_TSC_DEADLINE to a moment that does not come while it is measured
 *	send-ipi	x2APIC ICR: a fixed interrupt to the second CPU, which waits in HLT, until it has been counted there
 *	timer-expiry	wrmsr of IA32_TSC_DEADLINE to a moment soon, until its interrupt has been handled here. The CPU polls a
 *			counter meanwhile, and the other loop polls as many times: what remains is programming, expiry,
 *			delivery and EOI, all that the CPU was away for
 *	self-ipi	x2APIC ICR with the shorthand "self", until the interrupt has been handled here
 *	halt-wake	x2APIC ICR: an interrupt to the second CPU, then HLT until the interrupt that it sends back, and the same
 *			there. A round trip is two operations: send, halt, and wake the other, once in each direction. No CPU
 *			waits for a timer, since idle time is the host's even where QEMU counts instructions
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define CONSOLE 0xe9
#define TRAMPOLINE 0x8000
#define VECTOR 0x40

/* Of the SDM's volume 4. */
#define IA32_APIC_BASE 0x1b
#define IA32_TSC_DEADLINE 0x6e0
#define X2APIC_ID 0x802
#define X2APIC_SPURIOUS 0x80f
#define X2APIC_ICR 0x830
#define X2APIC_TIMER 0x832

/* How far ahead the timer is set: longer than programming takes, even at L3 (50,000 instructions). */
#define POLL_TICKS 200000
/* Polls until an interrupt counts as lost: hundreds of times what send-ipi takes at L3. */
#define MOST_POLLS 100000000
#define MOST_REPETITIONS 1000

/* virtio 1.2, 4.2.2; QEMU's include/hw/i386/microvm.h has where the microvm's are. */
#define VIRTIO_BASE 0xfeb00000ull
#define VIRTIO_STEP 512
#define VIRTIO_MOST 24
#define VIRTIO_MAGIC 0x74726976

extern const u8 trampoline[], trampoline_end[];
extern volatile u64 interrupts;
extern void on_interrupt(void);
extern void on_exception(void);

static volatile u32 cpus = 1;

static void outb(u16 port, u8 value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void print(const char *text)
{
	while (*text)
		outb(CONSOLE, *text++);
}

static void print_number(u64 value)
{
	char digits[21];
	char *at = digits + sizeof(digits) - 1;

	*at = 0;
	do {
		*--at = '0' + value % 10;
		value /= 10;
	} while (value);
	print(at);
}

static void fact(const char *name, const char *value)
{
	print(name);
	print("=");
	print(value);
	print("\n");
}

/* An empty interrupt table: the next exception is a triple fault. */
static void __attribute__((noreturn)) end(void)
{
	struct {
		u16 limit;
		u64 base;
	} __attribute__((packed)) none = { 0, 0 };

	asm volatile("lidt %0; int3" : : "m"(none));
	for (;;)
		asm volatile("hlt");
}

static void __attribute__((noreturn)) fail(const char *why)
{
	fact("error", why);
	end();
}

void fault(void)
{
	fail("an exception that was not expected");
}

static void cpuid(u32 leaf, u32 *a, u32 *b, u32 *c, u32 *d)
{
	asm volatile("cpuid" : "=a"(*a), "=b"(*b), "=c"(*c), "=d"(*d) : "a"(leaf), "c"(0));
}

static u64 rdmsr(u32 msr)
{
	u32 low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return low | (u64)high << 32;
}

static void wrmsr(u32 msr, u64 value)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

static void enable(void)
{
	asm volatile("sti" : : : "memory");
}

static u64 ticks(void)
{
	u32 low, high;

	asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return low | (u64)high << 32;
}

static int equal(const char *one, const char *other)
{
	while (*one && *one == *other)
		one++, other++;
	return *one == *other;
}

/* Interrupts. */

static struct {
	u16 low, segment, flags, middle;
	u32 high, zero;
} table[256] __attribute__((aligned(16)));

static void gate(int vector, void (*handler)(void))
{
	u64 address = (u64)handler;

	table[vector].low = address;
	table[vector].segment = 0x08;
	table[vector].flags = 0x8e00;
	table[vector].middle = address >> 16;
	table[vector].high = address >> 32;
}

static void take_interrupts(void)
{
	struct {
		u16 limit;
		u64 base;
	} __attribute__((packed)) pointer = { sizeof(table) - 1, (u64)table };

	asm volatile("lidt %0" : : "m"(pointer));
	wrmsr(IA32_APIC_BASE, rdmsr(IA32_APIC_BASE) | 0xc00);
	wrmsr(X2APIC_SPURIOUS, 0x1ff);
}

static void prepare_timer(void)
{
	u32 a, b, c, d;

	cpuid(1, &a, &b, &c, &d);
	if (!(c & 1 << 24))
		fail("the CPU has no TSC deadline timer");
	wrmsr(X2APIC_TIMER, 0x40000 | 0x10000 | VECTOR);	/* TSC deadline, masked: armed by the write itself */
	wrmsr(X2APIC_TIMER, 0x40000 | VECTOR);
}

static int answers;

/* The second CPU: waits for interrupts in HLT, and answers each if it is to. */
void second(void)
{
	take_interrupts();
	cpus = 2;
	while (!answers)
		asm volatile("sti; hlt");
	for (;;) {
		asm volatile("sti; hlt; cli" : : : "memory");
		wrmsr(X2APIC_ICR, 0xc0000 | VECTOR);
	}
}

static void start_second(void)
{
	volatile u8 *to = (u8 *)TRAMPOLINE;
	u64 until;

	for (const u8 *from = trampoline; from < trampoline_end; from++)
		*to++ = *from;
	/* INIT, then a start-up at the trampoline, to all but oneself (SDM 3A, 8.4.4). */
	wrmsr(X2APIC_ICR, 0xc4500);
	for (until = ticks() + 20000000; ticks() < until;)
		;
	wrmsr(X2APIC_ICR, 0xc4600 | TRAMPOLINE >> 12);
	for (until = ticks() + 40000000000ull; cpus < 2 && ticks() < until;)
		;
	if (cpus < 2)
		fail("the second CPU did not start");
}

/* The virtio device, with a queue of eight that holds nothing. */

static struct {
	u8 descriptors[128], available[64], used[128];
} queue __attribute__((aligned(4096)));

static volatile u32 *notify;

static void find_device(void)
{
	for (int i = 0; i < VIRTIO_MOST; i++) {
		volatile u32 *it = (u32 *)(VIRTIO_BASE + i * VIRTIO_STEP);

		if (it[0] != VIRTIO_MAGIC || it[2] == 0)
			continue;
		if (it[1] != 2)
			fail("the virtio device is a legacy one");
		it[0x70 / 4] = 0;		/* Status: reset, acknowledge, driver */
		it[0x70 / 4] = 1;
		it[0x70 / 4] = 3;
		it[0x24 / 4] = 1;		/* DriverFeatures: VERSION_1 alone */
		it[0x20 / 4] = 1;
		it[0x24 / 4] = 0;
		it[0x20 / 4] = 0;
		it[0x70 / 4] = 11;		/* FEATURES_OK */
		if (!(it[0x70 / 4] & 8))
			fail("the virtio device refused its features");
		it[0x30 / 4] = 0;		/* queue 0 */
		it[0x38 / 4] = 8;
		it[0x80 / 4] = (u32)(u64)queue.descriptors;
		it[0x84 / 4] = 0;
		it[0x90 / 4] = (u32)(u64)queue.available;
		it[0x94 / 4] = 0;
		it[0xa0 / 4] = (u32)(u64)queue.used;
		it[0xa4 / 4] = 0;
		it[0x44 / 4] = 1;
		it[0x70 / 4] = 15;		/* DRIVER_OK */
		notify = it + 0x50 / 4;
		return;
	}
	fail("there is no virtio device");
}

/*
 * Polls until an interrupt is counted, or that many times; returns how many times. No PAUSE in between: QEMU's TCG leaves its
 * inner loop for each, so that virtual time would all but stand still until the scheduler below takes the CPU from the one
 * that waits (do_pause in target/i386/tcg/misc_helper.c).
 */
static u64 __attribute__((noinline)) poll(u64 before, u64 most)
{
	u64 times = 0;

	while (interrupts == before && times < most)
		times++;
	return times;
}

/* How often each repetition of the last block polled. */
static u64 polls[MOST_REPETITIONS];

/* The loops. Each is a function of its own, so that all have the same instructions around the operation. */

#define LOOP(name, operation)						\
	static u64 __attribute__((noinline)) name(u64 repetitions)	\
	{								\
		u64 began = ticks();					\
									\
		for (u64 i = 0; i < repetitions; i++) {			\
			asm volatile("" : : : "memory");		\
			operation;					\
		}							\
		return ticks() - began;					\
	}

/* What an operation's registers are loaded with is a part of it: one instruction or two. */
LOOP(nothing, )
LOOP(with_cpuid, ({ u32 a, b, c, d; cpuid(0, &a, &b, &c, &d); }))
LOOP(with_vmmcall, ({ u64 a = 0xfffff; asm volatile("vmmcall" : "+a"(a) : : "rbx", "rcx", "rdx", "rsi", "memory"); }))
LOOP(with_vmcall, ({ u64 a = 0xfffff; asm volatile("vmcall" : "+a"(a) : : "rbx", "rcx", "rdx", "rsi", "memory"); }))
LOOP(with_notify, *notify = 0)
LOOP(with_timer, wrmsr(IA32_TSC_DEADLINE, began + (1ull << 50)))
LOOP(with_ipi, ({ u64 before = interrupts; wrmsr(X2APIC_ICR, 0xc0000 | VECTOR); poll(before, MOST_POLLS); }))
LOOP(with_expiry, ({
	u64 before = interrupts;
	wrmsr(IA32_TSC_DEADLINE, ticks() + POLL_TICKS);
	polls[i] = poll(before, MOST_POLLS);
}))
LOOP(only_polls, poll(interrupts, polls[i]))
LOOP(with_self, ({ u64 before = interrupts; wrmsr(X2APIC_ICR, 0x40000 | VECTOR); poll(before, MOST_POLLS); }))
LOOP(with_round_trip, ({ wrmsr(X2APIC_ICR, 0xc0000 | VECTOR); asm volatile("sti; hlt; cli" : : : "memory"); }))

static u64 with_halt(u64 repetitions)
{
	return with_round_trip(repetitions / 2);
}

/* 4 instructions a round, none of which exits: what it reads in virtual time is what it has. */
static u64 __attribute__((noinline)) known(void)
{
	u64 began = ticks();
	u64 rounds = 1000;

	asm volatile("1: nop; nop; dec %0; jnz 1b" : "+r"(rounds));
	return ticks() - began;
}

struct start_information {
	u32 magic, version, flags, modules;
	u64 module_list, command_line;
};

static const char *word(const char **line, char *to, int size)
{
	while (**line == ' ')
		++*line;
	for (char *at = to; **line && **line != ' ';) {
		if (at < to + size - 1)
			*at++ = **line;
		*at = 0;
		++*line;
	}
	return to;
}

static u64 number(const char *text)
{
	u64 value = 0;

	while (*text >= '0' && *text <= '9')
		value = 10 * value + *text++ - '0';
	return value;
}

void main(const struct start_information *information)
{
	const char *line = (const char *)information->command_line;
	char operation[32] = "", count[32] = "", blocks[32] = "", vendor[13] = "";
	u64 (*loop)(u64) = 0, (*without_it)(u64) = nothing;
	/* How many interrupts a repetition asks for, and how many were asked for so far. */
	u64 each = 0, expected = 0;
	u64 repetitions;
	u32 a, b, c, d;

	word(&line, operation, sizeof(operation));
	repetitions = number(word(&line, count, sizeof(count)));
	if (repetitions > MOST_REPETITIONS)
		fail("there are too many repetitions");
	word(&line, blocks, sizeof(blocks));
	for (int vector = 0; vector < 32; vector++)
		gate(vector, on_exception);
	gate(VECTOR, on_interrupt);

	cpuid(0, &a, &b, &c, &d);
	((u32 *)vendor)[0] = b;
	((u32 *)vendor)[1] = d;
	((u32 *)vendor)[2] = c;
	fact("operation", operation);
	fact("vendor", vendor);
	cpuid(1, &a, &b, &c, &d);
	if (!(c & 1 << 21))
		fail("the CPU has no x2APIC");
	take_interrupts();

	if (equal(operation, "cpuid")) {
		fact("instruction", "cpuid");
		loop = with_cpuid;
	} else if (equal(operation, "hypercall")) {
		/* Hygon's are AMD's. */
		int amd = equal(vendor, "AuthenticAMD") || equal(vendor, "HygonGenuine");

		fact("instruction", amd ? "vmmcall" : "vmcall");
		loop = amd ? with_vmmcall : with_vmcall;
	} else if (equal(operation, "device-notify")) {
		find_device();
		fact("instruction", "mov to QueueNotify");
		loop = with_notify;
	} else if (equal(operation, "program-timer")) {
		prepare_timer();
		fact("instruction", "wrmsr of IA32_TSC_DEADLINE");
		loop = with_timer;
	} else if (equal(operation, "send-ipi")) {
		start_second();
		fact("instruction", "wrmsr of the x2APIC's ICR");
		loop = with_ipi;
		each = 1;
	} else if (equal(operation, "timer-expiry")) {
		prepare_timer();
		fact("instruction", "wrmsr of IA32_TSC_DEADLINE");
		loop = with_expiry;
		without_it = only_polls;
		each = 1;
		enable();
	} else if (equal(operation, "self-ipi")) {
		fact("instruction", "wrmsr of the x2APIC's ICR");
		loop = with_self;
		each = 1;
		enable();
	} else if (equal(operation, "halt-wake")) {
		if (repetitions % 2)
			fail("halt-wake needs an even number of repetitions");
		answers = 1;
		start_second();
		fact("instruction", "wrmsr of the x2APIC's ICR, hlt");
		loop = with_halt;
		each = 1;
	} else {
		fail("there is no such operation");
	}
	print("cpus=");
	print_number(cpus);
	print("\nknown=");
	/* The least of some: what a hypervisor below does in between only adds to it. */
	u64 least = known();
	for (int again = 0; again < 9; again++) {
		u64 took = known();

		if (took < least)
			least = took;
	}
	print_number(least);
	print("\n");
	for (u64 block = 0; block <= number(blocks); block++) {
		u64 with = loop(repetitions);
		u64 without = without_it(repetitions);

		expected += each * repetitions;
		if (interrupts < expected)
			fail("an interrupt did not arrive");
		if (interrupts > expected)
			fail("an interrupt arrived that was not asked for");
		if (block == 0)
			continue;
		print("block=");
		print_number(with);
		print(" ");
		print_number(without);
		print("\n");
	}
	print("end\n");
	end();
}
