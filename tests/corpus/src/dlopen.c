// SPDX-License-Identifier: BSD-3-Clause
/* Opens ./libplugin.so beside the program ($ORIGIN), calls it, then asks for one that is absent. */
#include <dlfcn.h>
#include <stdio.h>

int main(void) {
    void *library = dlopen("libplugin.so", RTLD_NOW);
    if (!library) {
        puts(dlerror());
        return 1;
    }
    int (*answer)(void) = (int (*)(void))dlsym(library, "plugin_answer");
    printf("the plugin says %d\n", answer());
    printf("absent: %s\n", dlopen("libnowhere-to-be-found.so", RTLD_NOW) ? "found" : "not found");
    return dlclose(library);
}
