package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/dse/jobs"
	"vitdse/golden/dataset"
	"vitdse/golden/measure"
)

// examine compares a network's ops over all images, in numbered parts.
func (a *app) examine(cmd *cobra.Command, args []string, n *trained, num configs.Numerics, e measure.Evaluation,
	machines arrayFlags) (measure.Detail, error) {
	work, err := a.evalWork(cmd, args, machines)
	if err != nil {
		return measure.Detail{}, err
	}
	x, err := measure.NewExamination(e)
	if err != nil {
		return measure.Detail{}, err
	}
	build, err := buildID()
	if err != nil {
		return measure.Detail{}, err
	}
	training := ""
	if n.train != nil {
		training = fmt.Sprintf("%x", sha256.Sum256(n.train.Pixels))
	}
	inputs, err := configs.Key(build, "eval", n.model, n.weights.Digest(n.model), num, training,
		imagesKey(e.Images), e.Labels)
	if err != nil {
		return measure.Detail{}, err
	}
	net, err := network.Compile(n.model)
	if err != nil {
		return measure.Detail{}, err
	}
	cache := a.cacheOf(configs.Run{Cache: os.Getenv("VITDSE_CACHE")})
	b := &batch[measure.Part]{a: a, plan: jobs.Plan{Kind: "vitdse evaluation", Inputs: inputs, Jobs: x.Parts()},
		title: "evaluation", unit: "images",
		size: int64(x.PartImages()), total: int64(e.Images.Count()), machines: machines, work: work, workers: e.Workers,
		worker: x.Worker,
		cost: func(int) float64 { // a billion products a second in floating point, 20 in integers
			return float64(x.PartImages()) * float64(net.MACs()) * (1/1e9 + 1/20e9)
		}}
	if cache.Holds() {
		b.path = cache.Path("eval", inputs, ".part")
	}
	var list []int
	for i := range x.Parts() {
		list = append(list, i)
	}
	if err := b.run(cmd.Context(), list); err != nil {
		return measure.Detail{}, b.kept(err)
	}
	parts := make([]measure.Part, len(list))
	for i := range parts {
		parts[i] = b.found[i]
	}
	return x.Sum(parts), b.forget()
}

// evalWork is the folder of an array job: in the run's out, or where --work says.
func (a *app) evalWork(cmd *cobra.Command, args []string, machines arrayFlags) (string, error) {
	switch {
	case machines.engine == "" || machines.work != "":
		return machines.work, nil
	case len(args) == 0:
		return "", fmt.Errorf("--engine without a run file: give --work, the folder of the array job that all nodes see")
	}
	run, err := loadRun(cmd, args[0])
	return workDir(run), err
}

// imagesKey is the identity of images: of a folder their names and sizes, as reading them all would take long.
func imagesKey(s measure.ImageSource) string {
	h := sha256.New()
	switch s := s.(type) {
	case *dataset.Images:
		fmt.Fprintln(h, s.N, s.H, s.W, s.C)
		h.Write(s.Pixels)
	case *dataset.Folder:
		for _, file := range s.Files {
			size := int64(-1)
			if info, err := os.Stat(file); err == nil {
				size = info.Size()
			}
			io.WriteString(h, fmt.Sprintln(filepath.ToSlash(file), size))
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}
