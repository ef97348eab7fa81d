package progress

import (
	"strings"
	"time"

	"vitdse/configs"
)

// Forecast predicts how long steps of tools take that do not say how far they are, from how long they took on earlier
// designs, by the designs' size. It is no part of any result.
type Forecast struct {
	cache configs.Store
	what  string  // the steps are of, but in their titles
	size  float64 // of the design, in LUTs as estimated
}

// NewForecast predicts the steps of what for a design of a size in LUTs, from those that a cache holds.
func NewForecast(cache configs.Store, what string, size float64) *Forecast {
	return &Forecast{cache, what, size}
}

// pastStep is how long a step took for a design of some size.
type pastStep struct {
	Size    float64 `json:"size"`
	Seconds float64 `json:"seconds"`
}

const (
	pastSteps   = 20              // that are kept of a step
	shortestOne = 2 * time.Second // a step that was quicker had nothing to do
)

// key is a step's among those of all designs: seeds, which end a title, are alike.
func (f *Forecast) key(title string) string {
	step := strings.TrimRight(title, "0123456789 ")
	key, err := configs.Key("steps", f.what, step)
	if err != nil {
		panic(err) // texts have JSON
	}
	return key
}

// past are the earlier runs of a step.
func (f *Forecast) past(title string) (list []pastStep) {
	f.cache.Get("steps", f.key(title), &list)
	return list
}

// expect is how long a step may take, and of how many earlier runs that is: a constant and so much for each LUT, by
// least squares over runs of designs whose sizes differ; of those alike the mean. 0 where there are none.
func (f *Forecast) expect(title string) (time.Duration, int) {
	list := f.past(title)
	if len(list) == 0 {
		return 0, 0
	}
	var n, x, y, xx, xy float64
	for _, p := range list {
		n, x, y, xx, xy = n+1, x+p.Size, y+p.Seconds, xx+p.Size*p.Size, xy+p.Size*p.Seconds
	}
	seconds, spread := y/n, xx-x*x/n
	if spread > 1e-3*xx {
		if slope := (xy - x*y/n) / spread; slope > 0 {
			seconds = max(y/n+slope*(f.size-x/n), seconds/10)
		}
	}
	return time.Duration(seconds * float64(time.Second)), len(list)
}

// took keeps how long a step took.
func (f *Forecast) took(title string, d time.Duration) {
	if d < shortestOne {
		return
	}
	list := append(f.past(title), pastStep{f.size, d.Seconds()})
	f.cache.Failed(f.cache.Put("steps", f.key(title), list[max(0, len(list)-pastSteps):]))
}
