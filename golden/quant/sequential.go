package quant

import (
	"runtime"
	"sync"

	"vitdse/configs/network"
	"vitdse/golden/exec"
)

// fed is what a layer reads in the quantized network: the codes of the rows that calibration sampled.
type fed struct {
	codes   *sample
	rounded *rounded // the layer's weights, once they are
}

// once remembers a layer's weights: a network has one of each.
func (f *fed) once(_ weightKey, compute func() rounded) rounded {
	if f.rounded == nil {
		r := compute()
		f.rounded = &r
	}
	return *f.rounded
}

// number is what a code stands for.
func (g grid) number(code float32) float64 { return (float64(code) - float64(g.Zero)) * g.Scale }

// reads is a layer's input with the codes that the quantized layers before it give, where these are known.
func (q *quantizer) reads(layer string, in activations) activations {
	f := q.fed[layer]
	if f == nil || f.codes.rows != in.source.rows { // of a head that reads other rows than the norm writes
		return in
	}
	in.fed = f.codes
	codes := mapped{sample: f.codes, f: func(x float64, _ int) float64 { return in.number(float32(x)) }}
	in.coded, _ = codes.moments()
	return in
}

// sequential fits layer after layer to what the quantized layers before it give, so that it takes out part of their
// error: the target stays what the float layer gives of the float network's values, as in Frantar et al. (GPTQ, 2022).
func (q *quantizer) sequential() error {
	report, progress := q.report, q.blocks
	q.report, q.blocks, q.fed = nil, nil, map[string]*fed{}
	defer func() { q.report = report }()
	q.begin()
	if err := q.run(); err != nil {
		return err
	}
	for i, shape := range q.of.Blocks {
		if progress != nil {
			progress(i, len(q.of.Blocks))
		}
		for _, role := range []network.LayerRole{network.QKVLayer, network.ProjLayer, network.FC1Layer, network.FC2Layer} {
			if err := q.feed(i, role); err != nil {
				return err
			}
			b, err := q.block(shape)
			if err != nil {
				return err
			}
			q.net.Blocks[i] = b
		}
	}
	if _, pools := q.of.Find(network.RolePool); pools || q.of.Classifiers > 1 || q.of.Last().Kind == network.OpRequantize {
		return nil // the head reads what several rows give
	}
	return q.feed(network.None, network.HeadLayer)
}

// source is the op whose codes a layer reads, and how many of its rows count.
func (q *quantizer) source(block int, role network.LayerRole) (op network.Op, rows int) {
	op = q.of.At(block, map[network.LayerRole]network.Role{network.QKVLayer: network.RoleNorm1,
		network.ProjLayer: network.RoleContext,
		network.FC1Layer:  network.RoleNorm2, network.FC2Layer: network.RoleFC1, network.HeadLayer: network.RoleNorm}[role])
	if role == network.FC2Layer && q.of.Blocks[block].MLPNorm {
		op = q.of.At(block, network.RoleMLPNorm)
	}
	if role == network.ProjLayer {
		return op, q.of.Used(q.of.At(block, network.RoleProj))
	}
	return op, q.of.Used(op)
}

// feed runs the calibration images through the quantized network and keeps the codes that a layer reads.
func (q *quantizer) feed(block int, role network.LayerRole) error {
	op, rows := q.source(block, role)
	p, err := exec.Prepare(q.net)
	if err != nil {
		return err
	}
	images, until := q.stats.images, block+1
	if block == network.None {
		until = -1 // all
	}
	cols := op.Cols * max(1, op.Heads)
	f := &fed{codes: newSample(cols, images.N*rows)}
	// A batch has an image for each worker; what they give is taken in in the images' order.
	readers := make([]reader, min(runtime.GOMAXPROCS(0), images.N))
	for i := range readers {
		readers[i].run = p.Runner()
	}
	for from := 0; from < images.N; from += len(readers) {
		batch := readers[:min(len(readers), images.N-from)]
		var wg sync.WaitGroup
		for i := range batch {
			wg.Go(func() { batch[i].read(images.At(from+i), op, until) })
		}
		wg.Wait()
		for i := range batch {
			if batch[i].err != nil {
				return batch[i].err
			}
			f.codes.add(batch[i].codes[:rows*cols])
		}
	}
	q.fed[q.bits(block, role).Name] = f
	return nil
}

// reader runs images and takes the codes of one op.
type reader struct {
	run   *exec.Runner
	trace exec.Trace
	codes []float64 // rows x channels, heads side by side
	err   error
}

// read runs one image until a block, through all of the network where that is negative.
func (r *reader) read(image []uint8, op network.Op, until int) {
	if until < 0 {
		_, r.err = r.run.Run(image, &r.trace)
	} else {
		r.err = r.run.RunBlocks(image, &r.trace, until)
	}
	if r.err != nil {
		return
	}
	r.codes = r.codes[:0]
	for _, c := range r.trace.Ops[op.Index] {
		r.codes = append(r.codes, float64(c))
	}
	if op.Heads > 1 {
		r.codes = joinHeads(r.codes, op)
	}
}
