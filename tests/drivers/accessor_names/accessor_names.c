// SPDX-License-Identifier: GPL-2.0
/*
 * All headers that declare accessors: tests/test_accessor_names.py has this preprocessed,
 * never compiled, and reads the names out of it.
 */
#include <linux/io.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/io-64-nonatomic-hi-lo.h>
