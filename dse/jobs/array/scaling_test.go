package array

import (
	"container/heap"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// synthesisTimes are drawn as those of Yosys over designs are found to be: a minute and a half in the middle, one in
// ten above four minutes, one in a hundred above nine (log-normal, sigma 0.8).
func synthesisTimes() (list []float64) {
	rng := rand.New(rand.NewPCG(21, 0))
	for range 1000 {
		list = append(list, 90*math.Exp(0.8*rng.NormFloat64()))
	}
	return list
}

// farm is a simulation: tasks that all run at once on nodes of their own, and one file system that does what it is
// asked in turn.
type farm struct {
	rate  float64 // operations a second of the file system
	free  float64 // when it has done what it was asked so far
	asked int
	next  events
}

// event is a task that goes on.
type event struct {
	at float64
	do func(now float64)
}

type events []event

func (e events) Len() int           { return len(e) }
func (e events) Less(i, j int) bool { return e[i].at < e[j].at }
func (e events) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)        { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

func (f *farm) after(at float64, do func(now float64)) { heap.Push(&f.next, event{at, do}) }

// files asks the file system for operations and goes on when they are done.
func (f *farm) files(now float64, n int, do func(now float64)) {
	f.free, f.asked = max(f.free, now)+float64(n)/f.rate, f.asked+n
	f.after(f.free, do)
}

// startOperations is what a task asks before its first job: the program's pages, work.json, its inputs, the folder of
// records, and its word that it is there.
const startOperations = 12

// run simulates an array of tasks whose jobs take so long, and gives the seconds until the last has ended.
func (f *farm) run(tasks [][]float64, keep float64) (end float64) {
	for _, list := range tasks {
		var job func(now float64, i int, waiting float64)
		job = func(now float64, i int, waiting float64) {
			if i == len(list) {
				if waiting == 0 {
					end = max(end, now)
					return
				}
				f.files(now, fileOperations, func(now float64) { end = max(end, now) })
				return
			}
			f.after(now+list[i], func(now float64) {
				if waiting+list[i] < keep {
					job(now, i+1, waiting+list[i])
					return
				}
				f.files(now, fileOperations, func(now float64) { job(now, i+1, 0) })
			})
		}
		f.after(1, func(now float64) { // the scheduler's second
			f.files(now, startOperations, func(now float64) { job(now, 0, 0) })
		})
	}
	for f.next.Len() > 0 {
		e := heap.Pop(&f.next).(event)
		e.do(e.at)
	}
	return end
}

// efficiency cuts so much work for each of n tasks by an estimate that is right to within a third, and gives the share
// of the nodes' time that goes into jobs. scale makes the times longer or shorter.
func efficiency(times []float64, n int, each, scale float64, keep time.Duration) (share float64, operations int) {
	rng := rand.New(rand.NewPCG(22, uint64(n)))
	var real, estimate []float64
	for total := 0.0; total < each*float64(n); {
		x := times[rng.IntN(len(times))] * scale
		real, estimate = append(real, x*math.Exp(0.3*rng.NormFloat64())), append(estimate, x)
		total += x
	}
	list := make([]int, len(real))
	for i := range list {
		list[i] = i
	}
	var tasks [][]float64
	work := 0.0
	for _, c := range Cut(list, func(job int) float64 { return estimate[job] }, n, 0) {
		var of []float64
		for _, job := range c {
			of = append(of, real[job])
			work += real[job]
		}
		tasks = append(tasks, of)
	}
	f := farm{rate: 100}
	end := f.run(tasks, keep.Seconds())
	return work / (float64(len(tasks)) * end), f.asked
}

var scalingTable = flag.Bool("scaling-table", false, "simulate all of the table of docs/MACHINES.md")

// The table of docs/MACHINES.md: where an array of tasks stops scaling on a file system of 100 operations a second.
func TestScaling(t *testing.T) {
	times := synthesisTimes()
	sizes, lengths := []int{100, 1000}, []float64{10}
	if *scalingTable {
		sizes, lengths = []int{10, 100, 300, 1000, 3000}, []float64{2, 10, 60}
	}
	text := "| jobs | minutes a task |"
	for _, n := range sizes {
		text += fmt.Sprintf(" %d tasks |", n)
	}
	text += "\n"
	share := map[string]float64{}
	for _, c := range []struct {
		name  string
		scale float64
		keep  func(int) time.Duration
	}{{"synthesis of a design", 1, gathering}, {"2 s, as settings of a layer's bits", 1.0 / 60, gathering},
		{"2 s, a file each", 1.0 / 60, func(int) time.Duration { return 0 }}} {
		t.Run(c.name, func(t *testing.T) {
			for _, minutes := range lengths {
				text += fmt.Sprintf("| %s | %g |", c.name, minutes)
				for _, n := range sizes {
					s, _ := efficiency(times, n, 60*minutes, c.scale, c.keep(n))
					share[fmt.Sprintf("%s, %g minutes, %d tasks", c.name, minutes, n)] = s
					text += fmt.Sprintf(" %.0f %% |", 100*s)
				}
				text += "\n"
			}
		})
	}
	t.Logf("share of the nodes' time that goes into jobs:\n%s", text)
	const short = "2 s, as settings of a layer's bits"
	for name, least := range map[string]float64{short + ", 10 minutes, 100 tasks": 0.88, short +
		", 10 minutes, 1000 tasks": 0.75} {
		t.Run(name, func(t *testing.T) {
			if share[name] < least {
				t.Errorf("%s: %.2f; expected %.2f", name, share[name], least)
			}
		})
	}
	if bundled, each := share[short+", 10 minutes, 1000 tasks"],
		share["2 s, a file each, 10 minutes, 1000 tasks"]; bundled < 5*each {
		t.Errorf("bundles: %.2f; a file each %.2f", bundled, each)
	}
}
