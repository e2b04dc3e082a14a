// SPDX-License-Identifier: BSD-3-Clause

// Goroutines, channels, mutexes, timers, tickers and subprocesses: what Go's runtime wants of a
// kernel (threads, futexes, signals, epoll, clone with pipes). Prints the same on every run.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"
)

func sums(workers, each int) int {
	jobs, done := make(chan int), make(chan int)
	var group sync.WaitGroup
	for w := 0; w < workers; w++ {
		group.Add(1)
		go func() {
			defer group.Done()
			total := 0
			for n := range jobs {
				total += n
				runtime.Gosched()
			}
			done <- total
		}()
	}
	go func() {
		for n := 1; n <= each; n++ {
			jobs <- n
		}
		close(jobs)
		group.Wait()
		close(done)
	}()
	total := 0
	for part := range done {
		total += part
	}
	return total
}

func threads(count int) int {
	var group sync.WaitGroup
	var lock sync.Mutex
	seen := map[int]bool{}
	gate := make(chan bool)
	for i := 0; i < count; i++ {
		group.Add(1)
		go func() {
			runtime.LockOSThread()
			defer group.Done()
			lock.Lock()
			seen[syscall.Gettid()] = true
			lock.Unlock()
			<-gate
		}()
	}
	for {
		lock.Lock()
		n := len(seen)
		lock.Unlock()
		if n == count {
			break
		}
		time.Sleep(time.Millisecond)
	}
	close(gate)
	group.Wait()
	return len(seen)
}

func timers() string {
	var order []string
	var lock sync.Mutex
	var group sync.WaitGroup
	for _, ms := range []int{300, 100, 200} {
		group.Add(1)
		ms := ms
		time.AfterFunc(time.Duration(ms)*time.Millisecond, func() {
			defer group.Done()
			lock.Lock()
			order = append(order, fmt.Sprint(ms))
			lock.Unlock()
		})
	}
	group.Wait()
	ticker := time.NewTicker(10 * time.Millisecond)
	ticks := 0
	for range ticker.C {
		if ticks++; ticks == 3 {
			ticker.Stop()
			break
		}
	}
	return strings.Join(order, " ") + fmt.Sprint(" ticks ", ticks)
}

func commands() {
	out, err := exec.Command("sh", "-c", "cat; echo err >&2; exit 3").CombinedOutput()
	fmt.Printf("%q %v\n", out, err)
	sorter := exec.Command("sort", "-r")
	sorter.Stdin = strings.NewReader("a\nc\nb\n")
	out, err = sorter.Output()
	fmt.Printf("%q %v\n", out, err)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	err = exec.CommandContext(ctx, "sleep", "20").Run()
	fmt.Println(err, ctx.Err())
	pipe := exec.Command("seq", "3")
	reader, _ := pipe.StdoutPipe()
	_ = pipe.Start()
	for lines := bufio.NewScanner(reader); lines.Scan(); {
		fmt.Println("line", lines.Text())
	}
	fmt.Println(pipe.Wait())
	_, err = exec.Command("no-such-program").Output()
	fmt.Println(err)
	var outputs []string
	results := make(chan string)
	for i := 0; i < 8; i++ {
		go func(i int) {
			out, _ := exec.Command("echo", fmt.Sprint(i*i)).Output()
			results <- strings.TrimSpace(string(out))
		}(i)
	}
	for i := 0; i < 8; i++ {
		outputs = append(outputs, <-results)
	}
	sort.Strings(outputs)
	fmt.Println(outputs)
}

func signals() {
	caught := make(chan os.Signal, 4)
	signal.Notify(caught, syscall.SIGUSR1, syscall.SIGTERM)
	_ = syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	fmt.Println(<-caught)
	_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
	fmt.Println(<-caught)
}

func main() {
	what := "all"
	if len(os.Args) > 1 {
		what = os.Args[1]
	}
	if what == "sums" || what == "all" {
		fmt.Println(sums(100, 20000), threads(40))
	}
	if what == "timers" || what == "all" {
		fmt.Println(timers())
	}
	if what == "exec" || what == "all" {
		commands()
	}
	if what == "signals" || what == "all" {
		signals()
	}
	if what == "panic" {
		defer func() {
			fmt.Println("recovered:", recover())
			os.Exit(4)
		}()
		var nothing *int
		*nothing = 1
	}
	if what == "deadlock" {
		<-make(chan int)
	}
}
