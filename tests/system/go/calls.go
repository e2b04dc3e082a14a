// SPDX-License-Identifier: BSD-3-Clause

// System calls as a Go program makes them, as often as the argument says: files, pipes, goroutines
// that wait for one another, processes' ids.
package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
)

func main() {
	turns, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	file, err := os.CreateTemp("", "calls")
	if err != nil {
		panic(err)
	}
	defer os.Remove(file.Name())
	reader, writer, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	buffer, parents := make([]byte, 64), 0
	for turn := 0; turn < turns; turn++ {
		if _, err := file.WriteAt(buffer, int64(turn%100)); err != nil {
			panic(err)
		}
		if _, err := file.ReadAt(buffer[:32], 0); err != nil {
			panic(err)
		}
		go writer.Write(buffer[:1])
		if _, err := reader.Read(buffer[:1]); err != nil {
			panic(err)
		}
		if _, err := os.Stat("/"); err != nil {
			panic(err)
		}
		parents += min(syscall.Getppid(), 1)
	}
	fmt.Println(turns, "turns,", parents >= 0)
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}
