package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"vitdse/configs"
	"vitdse/dse/front"
)

// complete gives every flag of the commands below root whose values are known the values that a shell
// completes: parts, models, policies, and the points of the front that the command is about.
func complete(root *cobra.Command) {
	fixed := map[string]cobra.CompletionFunc{
		"parts":     completions(configs.Parts(), cobra.ShellCompDirectiveNoFileComp),
		"pick-part": completions(configs.Parts(), cobra.ShellCompDirectiveNoFileComp),
		"part":      completions(configs.Parts(), cobra.ShellCompDirectiveDefault), // or a file
		"model":     completions(configs.Models(), cobra.ShellCompDirectiveDefault),
		"pick": completions([]configs.Pick{configs.PickKnee, configs.PickFastest, configs.PickSmallest, configs.PickAccurate},
			cobra.ShellCompDirectiveNoFileComp),
		"search": completions([]configs.Search{configs.SearchAuto, configs.SearchSweep, configs.SearchExact},
			cobra.ShellCompDirectiveNoFileComp),
		"target": completions([]configs.Target{configs.TargetRTL, configs.TargetHLS, configs.TargetAll},
			cobra.ShellCompDirectiveNoFileComp),
		"memory": completions([]configs.MemoryModel{configs.MemoryIdeal, configs.MemoryLatency},
			cobra.ShellCompDirectiveNoFileComp),
		"models": completions(configs.Models(), cobra.ShellCompDirectiveDefault),
		"packing": completions([]configs.Packing{configs.PackNone, configs.PackDSP48E1, configs.PackDSP48E2},
			cobra.ShellCompDirectiveNoFileComp),
		"points": completions([]string{"front", "all"}, cobra.ShellCompDirectiveNoFileComp),
		"point":  completePoints,
	}
	for _, cmd := range root.Commands() {
		for name, values := range fixed {
			if cmd.Flags().Lookup(name) != nil {
				// The only error is a flag that is not there or has its values already.
				_ = cmd.RegisterFlagCompletionFunc(name, values)
			}
		}
	}
}

// completions completes one of some values; of a list, such as xc7z020,xck26, the last.
func completions[T ~string](values []T, otherwise cobra.ShellCompDirective) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndex(typed, ",")+1]
		var list []cobra.Completion
		for _, v := range values {
			if whole := before + string(v); strings.HasPrefix(whole, typed) {
				list = append(list, whole)
			}
		}
		return list, otherwise
	}
}

// completionTime is how long a shell waits for points.
const completionTime = 2 * time.Second

// completePoints are the names of the points of the run's finished front, sorted; none where it has no
// front yet, or one that takes long to read.
func completePoints(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []cobra.Completion
	if len(args) > 0 {
		if run, err := loadRun(cmd, args[0]); err == nil {
			ctx, stop := context.WithTimeout(cmd.Context(), completionTime)
			defer stop()
			if front, err := front.Load(ctx, sweepDir(run), nil); err == nil && !front.Partial {
				for _, p := range front.Points {
					names = append(names, p.Name)
				}
			}
		}
	}
	slices.Sort(names)
	return names, cobra.ShellCompDirectiveNoFileComp
}
