// SPDX-License-Identifier: GPL-2.0
/* Test: loads from the address that is given, in hexadecimal. Of the kernel's it is to die. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	printf("%#x\n", *(unsigned int *)strtoul(argv[1], NULL, 16));
	return 0;
}
