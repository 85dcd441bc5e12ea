/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The core workloads of YCSB (Cooper et al., "Benchmarking cloud serving systems with YCSB", SoCC
 * 2010) with their published mixes and distributions, values of 1000 bytes. argv: a directory,
 * records, operations.
 */
#include "ycsb.h"
#include <math.h>

#define THETA 0.99

enum { READ, UPDATE, INSERT, SCAN, MODIFY, KINDS };

static const struct workload {
	char name;
	int percent[KINDS];
	int latest; /* the distribution: the newest records, else scrambled Zipfian */
} workloads[] = {
	{'A', {50, 50, 0, 0, 0}, 0}, {'B', {95, 5, 0, 0, 0}, 0}, {'C', {100, 0, 0, 0, 0}, 0},
	{'F', {50, 0, 0, 0, 50}, 0}, {'D', {95, 0, 5, 0, 0}, 1}, {'E', {0, 0, 5, 95, 0}, 0},
};

static uint64_t records, random_state = 17;
static double zeta, eta;

/* Gray et al., "Quickly generating billion-record synthetic databases", SIGMOD 1994. */
static void begin_zipfian(uint64_t count)
{
	zeta = 0;
	for (uint64_t i = 1; i <= count; i++)
		zeta += 1 / pow((double)i, THETA);
	eta = (1 - pow(2.0 / (double)count, 1 - THETA)) / (1 - (1 + pow(0.5, THETA)) / zeta);
}

static uint64_t zipfian(uint64_t count)
{
	double u = (double)(draw(&random_state) >> 11) / 9007199254740992.0, uz = u * zeta;

	if (uz < 1)
		return 0;
	if (uz < 1 + pow(0.5, THETA))
		return 1;
	uint64_t rank = (uint64_t)((double)count * pow(eta * u - eta + 1, 1 / (1 - THETA)));
	return rank < count ? rank : count - 1;
}

static void key_for(uint64_t i, char *key)
{
	uint64_t number = key_of(i) % 10000000000000000000ull;

	memcpy(key, "user", 4);
	for (int digit = KEY_SIZE - 1; digit >= 4; digit--, number /= 10)
		key[digit] = (char)('0' + number % 10);
}

static void fill(uint8_t *value, uint64_t i)
{
	uint64_t state = i + 1;

	for (int at = 0; at < VALUE_SIZE; at += 8) {
		uint64_t word = draw(&state);
		memcpy(value + at, &word, 8);
	}
}

/* What to do next, drawn before the clock starts. */
struct operation {
	int kind, length; /* of a scan */
	uint64_t seed;	  /* of a new value */
	char key[KEY_SIZE];
};

static struct operation draw_operation(const struct workload *workload, uint64_t base)
{
	struct operation next = {0};
	int dice = (int)(draw(&random_state) % 100);
	uint64_t rank = zipfian(base);

	while (dice >= workload->percent[next.kind])
		dice -= workload->percent[next.kind++];
	key_for(workload->latest ? records - 1 - rank : key_of(rank) % base, next.key);
	if (next.kind == UPDATE || next.kind == MODIFY)
		next.seed = draw(&random_state);
	if (next.kind == SCAN)
		next.length = (int)(draw(&random_state) % 100) + 1;
	if (next.kind == INSERT) {
		next.seed = records;
		key_for(records++, next.key);
	}
	return next;
}

static void carry_out(const struct operation *operation)
{
	uint8_t value[VALUE_SIZE + 8];
	int kind = operation->kind;

	if (kind == READ || kind == MODIFY)
		store_get(operation->key, value);
	if (kind == UPDATE || kind == MODIFY || kind == INSERT) {
		fill(value, operation->seed);
		store_put(operation->key, value);
	}
	if (kind == SCAN)
		need(store_scan(operation->key, operation->length, value) > 0, "scan");
}

static void run(const struct workload *workload, uint64_t base, uint64_t count)
{
	struct operation *operations = malloc(count * sizeof(*operations));
	char name[] = {workload->name, '\0'};

	need(operations != NULL, "malloc");
	for (uint64_t i = 0; i < count; i++)
		operations[i] = draw_operation(workload, base);
	double begin = now_ns();
	for (uint64_t i = 0; i < count; i++)
		carry_out(&operations[i]);
	report(name, (now_ns() - begin) / (double)count);
	free(operations);
}

int main(int argc, char **argv)
{
	need(argc == 4, "arguments: directory, records, operations");
	uint64_t base = strtoull(argv[2], NULL, 0), operations = strtoull(argv[3], NULL, 0);
	uint8_t value[VALUE_SIZE + 8];
	char key[KEY_SIZE];

	store_open(argv[1]);
	double begin = now_ns();
	for (; records < base; records++) {
		key_for(records, key);
		fill(value, records);
		store_put(key, value);
	}
	report("load", (now_ns() - begin) / (double)base);
	begin_zipfian(base);
	for (size_t n = 0; n < sizeof(workloads) / sizeof(workloads[0]); n++)
		run(&workloads[n], base, operations);
	store_close();
	return 0;
}
