// The workloads of work.lua in Go.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const million = 1000000

var (
	wall time.Time
	cpu  float64
)

func cpuSeconds() float64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

func start() {
	wall, cpu = time.Now(), cpuSeconds()
}

func report(extra string) {
	fmt.Printf("wall=%.6f cpu=%.6f %s\n", time.Since(wall).Seconds(), cpuSeconds()-cpu, extra)
}

func resident() float64 {
	var size, pages float64
	text, _ := os.ReadFile("/proc/self/statm")
	fmt.Sscan(string(text), &size, &pages)
	return pages * 4096
}

func switches() {
	var all sync.WaitGroup
	all.Add(1000)
	start()
	for i := 0; i < 1000; i++ {
		go func() {
			for k := 0; k < 1000; k++ {
				runtime.Gosched()
			}
			all.Done()
		}()
	}
	all.Wait()
	report("")
}

func spawn() {
	var all sync.WaitGroup
	all.Add(million)
	start()
	for i := 0; i < million; i++ {
		go all.Done()
	}
	all.Wait()
	report("")
}

func waves() {
	var all sync.WaitGroup
	start()
	for wave := 0; wave < 1000; wave++ {
		all.Add(1000)
		for i := 0; i < 1000; i++ {
			go all.Done()
		}
		all.Wait()
	}
	report("")
}

func sleepers(seconds float64) {
	var asleep, awake int64
	var all sync.WaitGroup
	all.Add(million)
	before := resident()
	start()
	for i := 1; i <= million; i++ {
		delay := time.Duration((seconds + float64(i*7919%10000)/10000) * 1e9)
		go func() {
			atomic.AddInt64(&asleep, 1)
			time.Sleep(delay)
			atomic.AddInt64(&awake, 1)
			all.Done()
		}()
	}
	for atomic.LoadInt64(&asleep) < million {
		time.Sleep(20 * time.Millisecond)
	}
	fmt.Printf("bytes=%.1f early=%d\n", (resident()-before)/million, atomic.LoadInt64(&awake))
	all.Wait()
	report("")
}

func percentile(counts []int64, fraction float64) float64 {
	var seen int64
	for late, count := range counts {
		if seen += count; float64(seen) >= fraction*million {
			return float64(late) / 100
		}
	}
	return -1
}

func timers() {
	counts := make([]int64, 100000)
	var all sync.WaitGroup
	all.Add(10000)
	start()
	for number := 0; number < 10000; number++ {
		go func(number int) {
			for k := 0; k < 100; k++ {
				delay := time.Duration((number*7+k*13)%20+1) * time.Millisecond
				due := time.Now().Add(delay)
				time.Sleep(delay)
				atomic.AddInt64(&counts[time.Since(due)/(10*time.Microsecond)], 1)
			}
			all.Done()
		}(number)
	}
	all.Wait()
	report(fmt.Sprintf("p50=%.2f p99=%.2f", percentile(counts, 0.5), percentile(counts, 0.99)))
}

func pingpong() {
	there, back := make(chan int), make(chan int)
	go func() {
		for i := 0; i < million; i++ {
			back <- <-there + 1
		}
	}()
	number := 0
	start()
	for i := 0; i < million; i++ {
		there <- number
		number = <-back
	}
	report(fmt.Sprintf("last=%d", number))
}

func producer() {
	numbers := make(chan int, 100)
	var sum int64
	var all sync.WaitGroup
	all.Add(4)
	for i := 0; i < 4; i++ {
		go func() {
			for number := range numbers {
				atomic.AddInt64(&sum, int64(number))
			}
			all.Done()
		}()
	}
	start()
	for number := 1; number <= million; number++ {
		numbers <- number
	}
	close(numbers)
	all.Wait()
	report(fmt.Sprintf("sum=%d", sum))
}

// A goroutine has no result: it is sent through a channel made for it.
func finish() {
	sum := 0
	start()
	for number := 1; number <= million; number++ {
		result := make(chan int)
		go func(number int) { result <- number }(number)
		sum += <-result
	}
	report(fmt.Sprintf("sum=%d", sum))
}

// As close as the standard library comes to a scope of tasks: they are counted.
func scope() {
	var ended int64
	start()
	for i := 0; i < 1000; i++ {
		var all sync.WaitGroup
		all.Add(1000)
		for k := 0; k < 1000; k++ {
			go func() {
				atomic.AddInt64(&ended, 1)
				all.Done()
			}()
		}
		all.Wait()
	}
	report(fmt.Sprintf("ended=%d", ended))
}

// A goroutine is not cancelled, it has to look at its context: each waits for
// that and a timer, and returns.
func cancel() {
	const count = 100000
	var asleep, gone int64
	var all sync.WaitGroup
	all.Add(count)
	ctx, stop := context.WithCancel(context.Background())
	for i := 0; i < count; i++ {
		go func() {
			defer func() {
				atomic.AddInt64(&gone, 1)
				all.Done()
			}()
			timer := time.NewTimer(time.Hour)
			defer timer.Stop()
			atomic.AddInt64(&asleep, 1)
			select {
			case <-ctx.Done():
			case <-timer.C:
			}
		}()
	}
	for atomic.LoadInt64(&asleep) < count {
		time.Sleep(20 * time.Millisecond)
	}
	time.Sleep(20 * time.Millisecond)
	start()
	stop()
	all.Wait()
	report(fmt.Sprintf("gone=%d", gone))
}

func main() {
	switch os.Args[1] {
	case "hello":
		fmt.Println("hello")
	case "switch":
		switches()
	case "spawn":
		spawn()
	case "waves":
		waves()
	case "sleepers":
		seconds, _ := strconv.ParseFloat(os.Args[2], 64)
		sleepers(seconds)
	case "timers":
		timers()
	case "pingpong":
		pingpong()
	case "producer":
		producer()
	case "finish":
		finish()
	case "scope":
		scope()
	case "cancel":
		cancel()
	}
}
