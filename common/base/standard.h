/* standard - standard input, output and error, where whoever started us has
 * closed them. */
/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_BASE_STANDARD_H
#define COMMON_BASE_STANDARD_H

/*
 * standard_open - descriptors 0 to 2 are there from here on
 *
 * Else a file or socket that is opened later would get such a number, and what
 * is printed would go there.  One that was closed is /dev/null, of which the
 * input cannot be read nor the output be written: an answer that goes nowhere
 * is not taken for one that was printed.  Before there are threads or files.
 */
void standard_open(void);

#endif
