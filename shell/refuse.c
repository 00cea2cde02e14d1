/*
 * refuse: what stands for ssh and scp, first in PATH, where nothing but convention keeps the network closed (Windows without
 * setup). It says so and ends as ssh does that cannot connect.
 */
#include <stdio.h>

int main(void)
{
    fputs("Cordon: the network is offline here, and this is not ssh: :net online, or start outside.\n", stderr);
    return 255;
}
