/* What flite's statistical voices decide before they make sound, for the student to learn.

   usage: dump slt|rms STRETCH FILTERS < lines > records

   For every line: the segments with their ends, and per 5 ms the fundamental frequency, the 25
   mel-cepstra and the 5 mixed-excitation strengths. Only parameters are taken, no waveform.
   FILTERS receives the voice's 5 excitation filters. build.py says how to compile this. */
#include <flite/cst_cg.h>
#include <flite/flite.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

cst_voice *register_cmu_us_slt(const char *dir);
cst_voice *register_cmu_us_rms(const char *dir);

static void put_int(int value) { fwrite(&value, sizeof value, 1, stdout); }

static void put_track(const cst_track *track)
{
    put_int(track->num_frames);
    put_int(track->num_channels);
    for (int i = 0; i < track->num_frames; i++)
        fwrite(track->frames[i], sizeof(float), track->num_channels, stdout);
}

static void put_segments(cst_utterance *utterance)
{
    int count = 0;
    cst_item *first = relation_head(utt_relation(utterance, "Segment"));
    for (cst_item *s = first; s; s = item_next(s))
        count++;
    put_int(count);
    for (cst_item *s = first; s; s = item_next(s)) {
        char name[8] = {0};
        float end = item_feat_float(s, "end");
        strncpy(name, item_feat_string(s, "name"), sizeof name - 1);
        fwrite(name, sizeof name, 1, stdout);
        fwrite(&end, sizeof end, 1, stdout);
    }
}

static void put_utterance(cst_utterance *utterance, cst_cg_db *db)
{
    /* param_track still holds means and deltas of tree leaves: mlpg() makes the smooth track. */
    cst_track *leaves = val_track(utt_feat_val(utterance, "param_track"));
    cst_track *smooth = mlpg(leaves, db);
    put_segments(utterance);
    put_track(smooth);
    put_track(val_track(utt_feat_val(utterance, "str_track")));
    delete_track(smooth);
}

static void put_filters(const char *path, const cst_cg_db *db)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        exit(74);
    for (int i = 0; i < db->ME_num; i++)
        fwrite(db->me_h[i], sizeof(double), db->ME_order, file);
    fclose(file);
}

int main(int argc, char **argv)
{
    char line[4096];
    if (argc != 4)
        return 2;
    flite_init();
    cst_voice *voice = strcmp(argv[1], "slt") ? register_cmu_us_rms(NULL) : register_cmu_us_slt(NULL);
    cst_cg_db *db = val_cg_db(feat_val(voice->features, "cg_db"));
    feat_set_float(voice->features, "duration_stretch", (float)atof(argv[2]));
    put_filters(argv[3], db);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        cst_utterance *utterance = flite_synth_text(line, voice);
        put_utterance(utterance, db);
        delete_utterance(utterance);
    }
    return 0;
}
