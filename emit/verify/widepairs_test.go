package verify

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/emit"
	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

var (
	widePairs = flag.Int("wide-pairs", 0, "pairs drawn over all that is legal that TestWidePairs runs; none if 0")
	firstWide = flag.Int("first-wide-pair", 0, "number of the first of them")
	pairLog   = flag.String("pair-log", "", "file of pairs that have passed: those of the same folder are not run again")
	wideTo    = flag.String("wide-table", "", "file to which TestWidePairs writes its table")
)

// The draw is over all that a design file may say and the engine takes. What bounds it is what a simulator is built
// for in a minute: so many products a cycle, and lanes of the vector units.
const (
	mostProducts = 512
	mostLanes    = 128
	mostWork     = 30_000_000 // multiplications of an image
)

// tablePairs are the pairs of docs/CYCLES.md, which were drawn when the engine had no scales of each token's own.
const tablePairs = 200

// traits are drawn in turn, a pair each, so that a few pairs have what a free draw would seldom bring.
var traits = []struct {
	name string
	has  func(configs.Model, configs.Design) bool
}{
	{"any", func(configs.Model, configs.Design) bool { return true }},
	{"tm 128", func(_ configs.Model, d configs.Design) bool { return d.Engine.TM == 128 }},
	{"tk 16, more than tm", func(_ configs.Model, d configs.Design) bool { return d.Engine.TK == 16 && d.Engine.TM < 16 }},
	{"one patch", func(m configs.Model, _ configs.Design) bool { return m.Patches() == 1 }},
	{"any", func(configs.Model, configs.Design) bool { return true }},
	{"tn 128", func(_ configs.Model, d configs.Design) bool { return d.Engine.TN == 128 }},
	{"two channels a head", func(m configs.Model, _ configs.Design) bool { return m.Dim == 2*m.Heads }},
	{"one head", func(m configs.Model, _ configs.Design) bool { return m.Heads == 1 }},
	{"tk more than tm", func(_ configs.Model, d configs.Design) bool { return d.Engine.TK > d.Engine.TM }},
	{"four products a DSP, or a mixed array", func(m configs.Model, d configs.Design) bool {
		s, err := temporal.NewShape(network.MustCompile(m), d)
		return err == nil && (s.Packed().Products() == 4 || d.Engine.LUTColumns > 0)
	}},
}

// draw takes numbers from a source.
type draw struct{ *rand.Rand }

func (r draw) of(list ...int) int          { return list[r.IntN(len(list))] }
func (r draw) chance(percent int) bool     { return r.IntN(100) < percent }
func (r draw) power(least, most int) int   { return 1 << (least + r.IntN(most-least+1)) }
func (r draw) between(least, most int) int { return least + r.IntN(most-least+1) }

// wideModel is a small ViT of any shape, with everything odd that a shape can have.
func wideModel(rng draw) configs.Model {
	patch, heads := rng.between(1, 5), rng.of(1, 1, 2, 3, 4)
	m := configs.Model{
		Name: "random", Family: configs.ViT, Patch: patch, Heads: heads, Dim: heads * rng.of(2, 4, 6, 8, 12, 16, 32, 64),
		Depth: rng.of(1, 2),
		Image: configs.ImageShape{Height: patch * rng.between(1, 7), Width: patch * rng.between(1, 7),
			Channels: rng.of(1, 2, 3)},
		MLPRatio: float64(rng.of(1, 2, 3, 4)), Classes: rng.between(1, 40),
		LayerNormEps: []float64{1e-6, 1e-5, 1e-12}[rng.IntN(3)],
	}
	if rng.chance(30) {
		m.Family = configs.DeiT
	}
	if rng.chance(30) {
		m.Activation = []configs.Activation{network.GELUTanh, network.QuickGELU, network.ReLU}[rng.IntN(3)]
	}
	for range m.Image.Channels {
		m.Mean, m.Std = append(m.Mean, 0.2+0.6*rng.Float64()), append(m.Std, 0.2+0.3*rng.Float64())
	}
	if rng.chance(40) {
		randomVariant(rng.Rand, &m)
	}
	return m
}

// wideNumerics draws bits of every layer by itself; in one of three all are 4 at the most, for four products a DSP.
func wideNumerics(rng draw, m configs.Model) configs.Numerics {
	n := configs.Uniform(m, 8, 8)
	most := 8
	if rng.chance(33) {
		most = 4
	}
	n.SoftmaxBits, n.GELUBits = rng.between(2, most), rng.between(4, 10)
	n.LNFold = []float64{0, 0.5, 1}[rng.IntN(3)]
	n.Quantizer.CodeRange = []configs.CodeRange{configs.Restricted, configs.FullRange}[rng.IntN(2)]
	of := network.MustCompile(m)
	for i := range n.Layers {
		l := &n.Layers[i]
		l.Activations = rng.between(2, most)
		if l.Weights == 0 {
			continue
		}
		l.Weights = rng.between(2, most)
		switch rng.IntN(3) {
		case 0:
			l.Granularity = configs.PerLayer
		case 1:
			if group := rng.power(4, 7); i > 0 && of.Layers[i].Inner%group == 0 {
				l.Granularity, l.Group = configs.PerGroup, group
			}
		}
	}
	return n
}

func wideEngine(rng draw) configs.Engine {
	kind := func() configs.MemoryKind {
		return []configs.MemoryKind{configs.MemAuto, configs.MemBlock, configs.MemLUT, configs.MemUltra}[rng.IntN(4)]
	}
	e := engine(rng.power(0, 7), rng.power(0, 7), rng.power(0, 4))
	e.VectorColumns = rng.power(0, 4)
	e.Multiplier = []configs.Multiplier{configs.MulDSP, configs.MulDSP, configs.MulLUT}[rng.IntN(3)]
	e.Packing = []configs.Packing{configs.PackNone, configs.PackDSP48E1, configs.PackDSP48E2}[rng.IntN(3)]
	if rng.chance(25) {
		e.LUTColumns = 2 * rng.between(1, 8)
	}
	if rng.chance(50) {
		e.AccumulatorBits = rng.between(20, 32) // for biases that are large beside products of few bits
	}
	e.BusBits, e.ReadFIFO, e.WeightBuffers = rng.power(5, 9), rng.power(5, 9), rng.of(1, 2, 4)
	e.Activations, e.Weights, e.Residual = kind(), kind(), kind()
	return e.WithPatchTokens(rng.of(1, 2))
}

// widePart has all that a design may ask for: the DSPs of UltraScale+, and memories of every kind.
func widePart(t testing.TB) configs.Part {
	t.Helper()
	part, err := configs.LoadPart("xck26")
	if err != nil {
		t.Fatal(err)
	}
	return part
}

// widePair is a design and a network that go together, by number.
func widePair(t testing.TB, number uint64) (configs.Model, configs.Design) {
	t.Helper()
	part, trait := widePart(t), traits[number%uint64(len(traits))]
	rng := draw{rand.New(rand.NewPCG(number, 2026))}
	for range 1_000_000 {
		e := wideEngine(rng)
		if e.MACs() > mostProducts || e.TM*e.Columns() > mostLanes || e.TK > e.TN || e.Columns() > e.TK {
			continue
		}
		m := wideModel(rng)
		if m.Validate() != nil {
			continue
		}
		net, err := network.Compile(m)
		if err != nil || configs.OnEngine(net) != nil {
			continue
		}
		d := configs.Design{Name: "random", Model: m.Name, Part: part.Name, ClockMHz: 200,
			Numerics: wideNumerics(rng, m), Engine: e}
		if tokens := d.Numerics.Quantizer; number >= tablePairs && rng.IntN(3) == 0 {
			if tokens.TokenScales = configs.DynamicScales; tokens.Runs(net) == nil {
				d.Numerics.Quantizer = tokens
			}
		}
		if d.Validate(m, part) != nil || !trait.has(m, d) {
			continue
		}
		if work(net) <= mostWork {
			return m, d
		}
	}
	t.Fatalf("pair %d, %s: none of a million draws is legal", number, trait.name)
	return configs.Model{}, configs.Design{}
}

// work is the multiplications of an image.
func work(net *network.Network) (n int64) {
	for _, op := range net.Ops {
		n += op.MACs()
	}
	return n
}

// wideResult is what a pair's two simulations gave.
type wideResult struct {
	model  configs.Model
	design configs.Design

	Pair         int     `json:"pair"`
	Manifest     string  `json:"manifest"` // digest of the folder's
	Images       int     `json:"images"`
	Cycles       int64   `json:"cycles"`
	Latency      int     `json:"latency"`
	Stall        float64 `json:"stall"`
	Slow         float64 `json:"slow"` // predicted against measured total with a slow memory, in percent
	SlowMeasured int64   `json:"slow_measured"`
	// emit found that an accumulator of the engine is too narrow for the biases
	Refused bool `json:"refused,omitempty"`
}

// passedPairs reads the log of pairs.
func passedPairs(t *testing.T) map[int]wideResult {
	t.Helper()
	passed := map[int]wideResult{}
	data, err := os.ReadFile(*pairLog)
	if err != nil {
		return passed
	}
	for line := range strings.Lines(string(data)) {
		var r wideResult
		if json.Unmarshal([]byte(line), &r) == nil {
			passed[r.Pair] = r
		}
	}
	return passed
}

// TestWidePairs draws pairs of design and network: with an ideal memory every op of every
// image takes the predicted cycles, with a slow one the total is within a percent, and the
// bytes on the bus are as predicted. It runs on request only: docs/VERIFICATION.md.
func TestWidePairs(t *testing.T) {
	if *widePairs == 0 {
		t.Skip("builds a simulator for each pair; run with -wide-pairs 200 -pair-log FILE")
	}
	quickBuild(t)
	results := make([]wideResult, *widePairs)
	passed := passedPairs(t)
	var log *os.File
	if *pairLog != "" {
		var err error
		if log, err = os.OpenFile(*pairLog, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644); err != nil {
			t.Fatal(err)
		}
		defer log.Close()
	}
	var mu sync.Mutex
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.NumCPU(), *widePairs) {
		workers.Go(func() {
			for i := range next {
				r := &results[i]
				begin := time.Now()
				if err := runWidePair(t, uint64(*firstWide+i), r, passed[*firstWide+i]); err != nil {
					t.Errorf("pair %d: %v; %v", *firstWide+i, err, r)
					continue
				}
				t.Logf("pair %d: %v, %.0f s", *firstWide+i, r, time.Since(begin).Seconds())
				if line, err := json.Marshal(r); err == nil && log != nil {
					mu.Lock()
					fmt.Fprintf(log, "%s\n", line)
					mu.Unlock()
				}
			}
		})
	}
	for i := range results {
		m, d := widePair(t, uint64(*firstWide+i))
		results[i] = wideResult{model: m, design: d, Pair: *firstWide + i}
		next <- i
	}
	close(next)
	workers.Wait()
	refused := 0
	for _, r := range results {
		if r.Refused {
			refused++
		}
	}
	if 20*refused > len(results) {
		t.Errorf("%d of %d pairs were refused; expected at most one in twenty", refused, len(results))
	}
	if *wideTo != "" && !t.Failed() {
		if err := os.WriteFile(*wideTo, []byte(wideTable(results)), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// runWidePair emits a pair and runs it twice, with an ideal and with a slow memory.
func runWidePair(t testing.TB, number uint64, r *wideResult, passed wideResult) error {
	rng := rand.New(rand.NewPCG(number, 7))
	r.Latency, r.Stall = 1+rng.IntN(500), 0.6*rng.Float64()
	shape, err := temporal.NewShape(network.MustCompile(r.model), r.design)
	if err != nil {
		return err
	}
	// Pauses are random: a run is long enough that they even out.
	r.Images = max(2, 1+int(slowRun/shape.Cycles(hwmodel.MemoryTiming{Latency: r.Latency, Stall: r.Stall})))
	dir, err := writeSeeded(t, r.model, r.design, r.Images)
	if tooNarrow(err) {
		r.Refused = true
		return nil
	}
	if err != nil {
		return err
	}
	manifest, err := os.ReadFile(filepath.Join(dir, emit.ManifestName))
	if err != nil {
		return err
	}
	if r.Manifest = sum(manifest); r.Manifest == passed.Manifest {
		r.Cycles, r.SlowMeasured, r.Slow = passed.Cycles, passed.SlowMeasured, passed.Slow
		return nil
	}
	defer os.RemoveAll(dir)
	r.Cycles, r.SlowMeasured, r.Slow, err = runMemories(dir, r.Latency, r.Stall, number)
	return err
}

// String is the pair in a line.
func (r *wideResult) String() string {
	m, e := r.model, r.design.Engine
	return fmt.Sprintf("%s, %d tokens, dim %d, %d heads, depth %d on %dx%dx%dv%d, %s, bus %d, latency %d, stall %.2f: "+
		"%d images, %d cycles, slow %+.2f %%", m.Family,
		m.Tokens(), m.Dim, m.Heads, m.Depth, e.TM, e.TN, e.TK, e.Columns(), e.Packing, e.BusBits, r.Latency, r.Stall,
		r.Images, r.Cycles, r.Slow)
}

// wideTable is the results for docs.
func wideTable(results []wideResult) string {
	var b strings.Builder
	b.WriteString("| pair | tokens, dim, depth | array | bus | images | cycles, ideal memory | off by | latency, " +
		"stalls | cycles | off by |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|\n")
	for i, r := range results {
		e := r.design.Engine
		if r.Refused {
			fmt.Fprintf(&b, "| %d | %d, %d, %d | %dx%dx%d | %d | refused: its biases need a wider accumulator | | | | | |\n",
				*firstWide+i,
				r.model.Tokens(), r.model.Dim, r.model.Depth, e.TM, e.TN, e.TK, e.BusBits)
			continue
		}
		fmt.Fprintf(&b, "| %d | %d, %d, %d | %dx%dx%d | %d | %d | %d | 0 | %d, %.0f %% | %d | %+.2f %% |\n", *firstWide+i,
			r.model.Tokens(), r.model.Dim, r.model.Depth, e.TM, e.TN, e.TK, e.BusBits, r.Images, r.Cycles,
			r.Latency, 100*r.Stall, r.SlowMeasured, r.Slow)
	}
	return b.String()
}
