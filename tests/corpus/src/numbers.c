// SPDX-License-Identifier: BSD-3-Clause
/* Floating point in every width: results must not depend on who saved the vector state. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void) {
    double sum = 0;
    float single = 0;
    long double wide = 0;
    for (int i = 1; i <= 20000; i++) {
        sum += 1.0 / i;
        single += 1.0f / (float)i;
        wide += 1.0L / i;
        if (i % 1000 == 0) {
            (void)getppid(); /* a trap in the middle: registers must survive */
        }
    }
    printf("%.17g %.9g %.21Lg\n", sum, (double)single, wide);
    printf("%.17g %.17g %.17g\n", sin(1.0), exp(-3.25), pow(2.0, 0.5));
    printf("%a %e %g %f\n", 0.1, 12345.678, 1e300, -0.0);
    printf("%g %g %g\n", strtod("inf", NULL), strtod("-nan", NULL), strtod("1e-320", NULL));
    return 0;
}
