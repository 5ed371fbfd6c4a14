DROP TABLE segment_places;
DROP TABLE segment_turns;
DROP TABLE segment_members;
DROP TABLE segments;
